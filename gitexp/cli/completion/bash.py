"""Completion for bash: on its own as `git-exp`, and below git's own completion as `git exp`."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from gitexp.cli.completion.template import filled
from gitexp.cli.completion.words import QUERY_WORDS, RUN_WORDS, Command, Values
from gitexp.git.refs import BASELINE, EXP, TRASH
from gitexp.repo import ARCHIVED_NAMES

_SCRIPT = r"""# bash completion for git exp; written by: git exp completion bash

# What an option ("$2"), or without one the arguments, of the command "$1" may be, into $kind and $choices.
__git_exp_values ()
{
	case "$1 ${2-}" in
@VALUES@
	*) return 1 ;;
	esac
}

# The options of the command "$1", into $choices.
__git_exp_options ()
{
	case "$1" in
@OPTIONS@
	esac
}

# Offer those of the words "$1" that begin with $cur.
__git_exp_offer ()
{
	local IFS=$' \t\n' word
	for word in $1; do
		case "$word" in
		"$cur"*[.=]) COMPREPLY[${#COMPREPLY[@]}]=$word ;;
		"$cur"*) COMPREPLY[${#COMPREPLY[@]}]="$word " ;;
		esac
	done
}

# Offer the names below the refs "$1", read from git at once. Other people push refs: only what can be the
# name of a run comes through, so that nothing on the command line means anything to the shell.
__git_exp_names ()
{
	local LC_ALL=C IFS=$'\n' before= git=git folder
	case "$cur" in
	refs/exp/*) before=refs/exp/ cur=${cur#refs/exp/} ;;
	exp/*) before=exp/ cur=${cur#exp/} ;;
	esac
	case "$cur" in
	*[!a-z0-9-]*) return ;;
	esac
	# git's own completion knows of git -C and --git-dir.
	if [ -n "${__git_exp_within-}" ] && declare -F __git >/dev/null; then git=__git; fi
	COMPREPLY=(${COMPREPLY[@]+"${COMPREPLY[@]}"} $("$git" for-each-ref \
		--format="$before%(refname:lstrip=2) " "$1$cur*" 2>/dev/null |
		LC_ALL=C command grep -x "$before"'[a-z0-9-][a-z0-9-]* '))
	if [ "$1" = @EXP@ ]; then
		# Runs that only archives hold: their names are in a file of ours.
		folder=$("$git" rev-parse --path-format=absolute --git-common-dir 2>/dev/null)
		COMPREPLY=(${COMPREPLY[@]+"${COMPREPLY[@]}"} $(command sed -n \
			"s,^$cur[a-z0-9-]*\$,$before& ,p" "$folder/exp/@NAMES@" 2>/dev/null))
	fi
}

__git_exp_offer_values ()
{
	case "$kind" in
	runs) __git_exp_offer @RUN_WORDS@; __git_exp_names @EXP@ ;;
	trash) __git_exp_names @TRASH@ ;;
	baselines) __git_exp_offer "$choices"; __git_exp_names @BASELINE@ ;;
	query) __git_exp_offer @QUERY_WORDS@ ;;
	commands) __git_exp_offer @COMMANDS@ ;;
	words) __git_exp_offer "$choices" ;;
	esac
}

# Complete the word $cur, which is number $cword of $words; "$1" is the number of exp, or git-exp, among them.
__git_exp_complete ()
{
	local command= kind= choices= option dashes= i=$(($1 + 1))
	COMPREPLY=()
	while [ "$i" -lt "$cword" ]; do
		case "${words[i]}" in
		--) if [ -n "$command" ]; then dashes=1; fi ;;
		-*) ;;
		*) if [ -z "$command" ]; then command=${words[i]}; fi ;;
		esac
		i=$((i + 1))
	done
	if [ -n "$command" ] && [ -z "$dashes" ]; then
		option=${words[cword - 1]}
		if [ "$option" = "=" ]; then option=${words[cword - 2]}; fi
		if [ "$cur" = "=" ]; then cur=; fi
		case "$cur" in
		--*=*) option=${cur%%=*} cur=${cur#*=} ;;
		esac
		case "$option" in
		-*) if __git_exp_values "$command" "$option"; then __git_exp_offer_values; return; fi ;;
		esac
	fi
	case "$dashes$cur" in
	-*) __git_exp_options "$command"; __git_exp_offer "$choices"; return ;;
	esac
	if [ -z "$command" ]; then
		kind=commands
	else
		__git_exp_values "$command" || return
	fi
	__git_exp_offer_values
}

# Called by git's completion, which has set $cur, $words and $cword.
_git_exp ()
{
	local __git_exp_within=1 at=${__git_cmd_idx:-0}
	while [ "$at" -lt "$cword" ] && [ "${words[at]}" != exp ]; do at=$((at + 1)); done
	__git_exp_complete "$at"
}

__git_exp_alone ()
{
	local cur=${COMP_WORDS[COMP_CWORD]} cword=$COMP_CWORD words
	words=("${COMP_WORDS[@]}")
	__git_exp_complete 0
}

complete -o bashdefault -o default -o nospace -F __git_exp_alone git-exp
"""


def script(commands: Sequence[Command]) -> str:
    """The script to be sourced."""
    parts = {
        "VALUES": "\n".join(f"\t{line}" for one in commands for line in _values(one)),
        "OPTIONS": "\n".join(f"\t{quote(one.name)}) choices={quote(_options(one))} ;;" for one in commands),
        "COMMANDS": quote(" ".join(one.name for one in commands[1:])),
        "RUN_WORDS": quote(" ".join(RUN_WORDS)),
        "QUERY_WORDS": quote(" ".join(QUERY_WORDS)),
        "EXP": EXP,
        "TRASH": TRASH,
        "BASELINE": BASELINE,
        "NAMES": ARCHIVED_NAMES,
    }
    return filled(_SCRIPT, parts)


def _values(command: Command) -> list[str]:
    lines = [_value([command.name], command.values, "")] if command.name else []
    for option in command.options:
        if option.values is not None:
            spelled = [f"{command.name} {spelling}" for spelling in option.spellings]
            lines.append(_value(spelled, option.values, None))
    return lines


def _value(keys: Sequence[str], values: Values, end: str | None) -> str:
    patterns = "|".join(quote(key if end is None else f"{key} ") for key in keys)
    choices = f" choices={quote(' '.join(values.words))}" if values.words else ""
    return f"{patterns}) kind={values.kind}{choices} ;;"


def _options(command: Command) -> str:
    return " ".join(spelling for option in command.options for spelling in option.shown)
