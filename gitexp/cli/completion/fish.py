"""Completion for fish: for `git-exp`, and added to what there is for git."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitexp.cli.completion.template import filled
from gitexp.cli.completion.words import (
    BASELINES,
    COMMANDS,
    FILES,
    QUERY,
    QUERY_WORDS,
    RUN_WORDS,
    RUNS,
    TEXT,
    TRASH,
    Command,
    Option,
    Values,
)
from gitexp.git import refs
from gitexp.repo import ARCHIVED_NAMES

_FUNCTIONS = r"""# fish completion for git exp; written by: git exp completion fish

# Whether the command is $argv[1]; empty stands for none yet.
function __git_exp_is
    for word in (commandline -opc)[2..-1]
        string match -q -- '-*' $word; and continue
        test $word = "$argv[1]"
        return
    end
    test -z "$argv[1]"
end

# The names below the refs $argv[1], read from git at once. Other people push refs: only what can be the name
# of a run comes through.
function __git_exp_names
    set -l word (string replace -r -- '^--?[^=]*=' '' (commandline -ct))
    string match -qr -- '^[a-z0-9-]*$' "$word"; or return
    command git for-each-ref --format='%(refname:lstrip=2)' "$argv[1]$word*" 2>/dev/null \
        | string match -r '^[a-z0-9-]+$'
    test $argv[1] = @EXP@; or return
    # Runs that only archives hold: their names are in a file of ours.
    set -l file (command git rev-parse --path-format=absolute --git-common-dir 2>/dev/null)/exp/@NAMES@
    test -r $file; and string match -r -- '^'"$word"'[a-z0-9-]*$' <$file
end

# What git exp completes to. git's own completion asks us too, but not in every version of fish; a word that
# comes twice is offered once.
function __git_exp_below_git
    set -l words (commandline -opc)[2..-1]
    while set -q words[1]
        switch $words[1]
            case -C -c --git-dir --work-tree --namespace
                set -e words[1..2]
            case '-*'
                set -e words[1]
            case exp
                complete -C (string join ' ' -- git-exp (string escape -- $words[2..-1]) (commandline -ct))
                return
            case '*'
                return
        end
    end
end

complete -c git -f -a '(__git_exp_below_git)'
complete -c git-exp -f
"""


def script(commands: Sequence[Command]) -> str:
    """The script to be sourced, or to be `git-exp.fish` in the folder of completions."""
    lines = [_line("", a=one.name, d=one.help) for one in commands[1:]]
    for one in commands:
        lines += [_option_line(one.name, option, commands) for option in one.options]
        if one.name:
            lines += _argument_lines(one, commands)
    functions = filled(_FUNCTIONS, {"EXP": refs.EXP, "NAMES": ARCHIVED_NAMES})
    return functions + "".join(f"{line}\n" for line in lines)


def _argument_lines(command: Command, commands: Sequence[Command]) -> Iterator[str]:
    if command.values.kind == FILES:
        yield f"{_line(command.name)} -F"
    elif offered := _offered(command.values, commands):
        yield _line(command.name, a=offered)


def _option_line(command: str, option: Option, commands: Sequence[Command]) -> str:
    spelled: dict[str, list[str]] = {"l": [], "s": []}
    for one in option.spellings:
        spelled["l" if one.startswith("--") else "s"].append(one.lstrip("-"))
    line = _line(command, d=option.help)
    line += "".join(f" -{kind} {_quoted(one)}" for kind, ones in spelled.items() for one in ones)
    if option.values is None:
        return line
    if option.values.kind == FILES:
        return f"{line} -r -F"
    offered = _offered(option.values, commands)
    return f"{line} -x" + (f" -a {_quoted(offered)}" if offered else "")


def _offered(values: Values, commands: Sequence[Command]) -> str:
    kinds = {
        RUNS: f"{' '.join(RUN_WORDS)} (__git_exp_names {refs.EXP})",
        TRASH: f"(__git_exp_names {refs.TRASH})",
        BASELINES: " ".join((*values.words, f"(__git_exp_names {refs.BASELINE})")),
        QUERY: " ".join(QUERY_WORDS),
        COMMANDS: " ".join(one.name for one in commands[1:]),
        TEXT: "",
    }
    return kinds.get(values.kind, " ".join(values.words))


def _line(command: str, **given: str) -> str:
    condition = _quoted(f"__git_exp_is {command}".rstrip())
    return f"complete -c git-exp -n {condition}" + "".join(f" -{k} {_quoted(v)}" for k, v in given.items())


def _quoted(text: str) -> str:
    """As fish reads it: within single quotes only the quote and the backslash need another one."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
