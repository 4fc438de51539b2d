#!/bin/sh
# gitexp hook v1 @SUM@
# Put here by `git exp hooks install`, which keeps what stood here before as @HOOK@.before-gitexp;
# `git exp hooks uninstall` puts that back. First what stood here is called, as git would, then git exp.
# GITEXP_SKIP=1, or git config exp.hooks false, leaves git exp out.
hook=@HOOK@
before=${0%/*}/$hook.before-gitexp

[ -x "$before" ] || before=

# Whether git exp has anything to do here, found out without starting Python.
wanted() {
    [ "$GITEXP_SKIP" != 1 ] || return 1
    common=${GIT_DIR:-.git}
    if [ ! -d "$common" ] || [ -f "$common/commondir" ]; then
        common=$(git rev-parse --git-common-dir) || return 1
    fi
    [ -d "$common/exp" ] || [ -f .gitexp.yaml ] || return 1
    if [ "$hook" = commit-msg ]; then
        # What a message is to say was noted before.
        own=${GIT_DIR:-.git}
        [ -d "$own" ] || own=$(git rev-parse --git-dir) || return 1
        [ -f "$own/exp/commit.json" ] || return 1
    fi
    [ "$(git config --type=bool exp.hooks 2>/dev/null)" != false ] || return 1
    command -v git-exp >/dev/null && return
    echo "git exp is not on PATH: its part of the $hook hook is left out" >&2
    return 1
}

# Call a program with what git has sent to this hook.
fed() {
    if [ -n "$input" ]; then
        printf %s "${input%x}" 2>/dev/null | "$@"
    else
        "$@"
    fi
}

if ! wanted; then
    [ -z "$before" ] || exec "$before" "$@"
    exit 0
fi

input=
case $hook in
pre-push | post-rewrite) input=$(cat && echo x) ;;
esac

code=0
[ -z "$before" ] || fed "$before" "$@" || code=$?
case $hook in
post-*) ;;
*) [ $code = 0 ] || exit $code ;;
esac

fed git-exp hook "$hook" "$@"
ours=$?
case $ours in
0) ;;
# It refuses, or was interrupted. Whatever else happened to it is no reason to stop: where its Python breaks,
# that is a 1.
75 | 130) code=$ours ;;
*) echo "warning: git exp hook $hook failed ($ours)" >&2 ;;
esac
exit $code
