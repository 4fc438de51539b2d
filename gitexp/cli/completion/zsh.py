"""Completion for zsh: its own completion for git calls `_git-exp` for `git exp`."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from gitexp.cli.completion.template import filled
from gitexp.cli.completion.words import QUERY_WORDS, RUN_WORDS, Command, Values
from gitexp.git.refs import BASELINE, EXP, TRASH
from gitexp.repo import ARCHIVED_NAMES

_SCRIPT = r"""#compdef git-exp
#description record experiments as git commits, and look at them
# zsh completion for git exp; written by: git exp completion zsh

# What an option ($2), or without one the arguments, of the command $1 may be, into $kind and $choices.
__git_exp_values () {
	case "$1 $2" in
@VALUES@
	*) return 1 ;;
	esac
}

# The options of the command $1, into $choices.
__git_exp_options () {
	case "$1" in
@OPTIONS@
	esac
}

# Offer the names below the refs $1, read from git at once. Other people push refs: only what can be the name
# of a run comes through.
__git_exp_names () {
	local -a names
	[[ $PREFIX == [a-z0-9-]# ]] || return 1
	names=(${(f)"$(command git for-each-ref --format='%(refname:lstrip=2)' "$1$PREFIX*" 2>/dev/null)"})
	if [[ $1 == @EXP@ ]]; then
		# Runs that only archives hold: their names are in a file of ours.
		local file="$(command git rev-parse --path-format=absolute --git-common-dir 2>/dev/null)/exp/@NAMES@"
		[[ -r $file ]] && names+=(${(M)${(f)"$(<$file)"}:#$PREFIX*})
	fi
	names=(${(Mu)names:#[a-z0-9-]##})
	(( $#names )) && compadd -a names
}

_git-exp () {
	setopt localoptions extendedglob
	local LC_ALL=C command= kind= dashes= i
	local -a choices
	for (( i = 2; i < CURRENT; i++ )); do
		case $words[i] in
		--) [[ -n $command ]] && dashes=1 ;;
		-*) ;;
		*) [[ -n $command ]] || command=$words[i] ;;
		esac
	done
	if [[ -n $dashes ]]; then
		kind=files
	elif [[ -n $command && $PREFIX == --*=* ]] && __git_exp_values $command ${PREFIX%%=*}; then
		compset -P '*='
	elif [[ -n $command && $words[CURRENT-1] == -* ]] && __git_exp_values $command $words[CURRENT-1]; then
		:
	elif [[ $PREFIX == -* ]]; then
		__git_exp_options "$command"
		_describe -o option choices
		return
	elif [[ -z $command ]]; then
		kind=commands
	else
		__git_exp_values $command '' || return 1
	fi
	case $kind in
	runs) compadd -- @RUN_WORDS@; __git_exp_names @EXP@ ;;
	trash) __git_exp_names @TRASH@ ;;
	baselines) (( $#choices )) && compadd -a choices; __git_exp_names @BASELINE@ ;;
	query) compadd -- @QUERY_WORDS@; compadd -S '' -- @QUERY_SPACES@ ;;
	commands)
		choices=(
@COMMANDS@
		)
		_describe command choices ;;
	words) compadd -a choices ;;
	files) _files ;;
	*) return 1 ;;
	esac
}

if [[ $funcstack[1] == _git-exp ]]; then
	_git-exp "$@"
else
	compdef _git-exp git-exp
fi
"""


def script(commands: Sequence[Command]) -> str:
    """The script to be sourced after `compinit`, or to be `_git-exp` in a folder of `$fpath`."""
    parts = {
        "VALUES": "\n".join(f"\t{line}" for one in commands for line in _values(one)),
        "OPTIONS": "\n".join(f"\t{quote(one.name)}) choices=({_options(one)}) ;;" for one in commands),
        "COMMANDS": "\n".join(f"\t\t\t{_entry(one.name, one.help)}" for one in commands[1:]),
        "RUN_WORDS": " ".join(map(quote, RUN_WORDS)),
        "QUERY_WORDS": " ".join(quote(word) for word in QUERY_WORDS if not word.endswith(".")),
        "QUERY_SPACES": " ".join(quote(word) for word in QUERY_WORDS if word.endswith(".")),
        "EXP": EXP,
        "TRASH": TRASH,
        "BASELINE": BASELINE,
        "NAMES": ARCHIVED_NAMES,
    }
    return filled(_SCRIPT, parts)


def _values(command: Command) -> list[str]:
    lines = [_value([f"{command.name} "], command.values)] if command.name else []
    for option in command.options:
        if option.values is not None:
            lines.append(_value([f"{command.name} {one}" for one in option.spellings], option.values))
    return lines


def _value(keys: Sequence[str], values: Values) -> str:
    choices = f" choices=({' '.join(map(quote, values.words))})" if values.words else ""
    return f"{'|'.join(map(quote, keys))}) kind={values.kind}{choices} ;;"


def _options(command: Command) -> str:
    return " ".join(_entry(one, option.help) for option in command.options for one in option.shown)


def _entry(word: str, told: str) -> str:
    """A word and what it is, as `_describe` reads them."""
    word, told = (text.replace("\\", "\\\\").replace(":", "\\:") for text in (word, told))
    return quote(f"{word}:{told}")
