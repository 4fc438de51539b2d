"""`git exp completion`."""

from __future__ import annotations

import click


@click.command("completion")
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print a script that lets a shell complete git exp.

    Once it is loaded, the Tab key completes commands, options, the words of a query, and the names of runs,
    which are read from git at once, however many there are. The script is made from the commands of this very
    version: put a line that loads it into the start-up file of the shell, or write it again after an upgrade.
    bash and zsh complete git exp by way of the completion for git; git-exp is completed without it.

    \b
    Examples:
      source <(git exp completion bash)       # in ~/.bashrc
      source <(git exp completion zsh)        # in ~/.zshrc, after compinit
      git exp completion fish | source        # in ~/.config/fish/config.fish
      git exp completion bash > ~/.local/share/bash-completion/completions/git-exp
    """
    import sys
    from importlib import import_module

    from gitexp.cli.completion.words import described
    from gitexp.cli.group import cli

    script: str = import_module(f"gitexp.cli.completion.{shell}").script(described(cli))
    sys.stdout.write(script)
