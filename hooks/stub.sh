#!/bin/sh
# gitexp hook v1 @SUM@
# Put here by `git exp hooks install`, which keeps what stood here before as @HOOK@.before-gitexp;
# `git exp hooks uninstall` puts that back. First what stood here is called, as git would, then git exp.
# GITEXP_SKIP=1, or git config exp.hooks false, leaves git exp out.
# Of these nothing is to reach what is called, as it would if they were exported.
unset gitexp_hook gitexp_before gitexp_common gitexp_own gitexp_input gitexp_code gitexp_ours
gitexp_hook=@HOOK@
gitexp_before=${0%/*}/$gitexp_hook.before-gitexp

[ -x "$gitexp_before" ] || gitexp_before=

# Whether git exp has anything to do here, found out without starting Python.
wanted() {
    [ "$GITEXP_SKIP" != 1 ] || return 1
    gitexp_common=${GIT_DIR:-.git}
    if [ ! -d "$gitexp_common" ] || [ -f "$gitexp_common/commondir" ]; then
        gitexp_common=$(git rev-parse --git-common-dir) || return 1
    fi
    [ -d "$gitexp_common/exp" ] || [ -f .gitexp.yaml ] || return 1
    if [ "$gitexp_hook" = commit-msg ]; then
        # What a message is to say was noted before.
        gitexp_own=${GIT_DIR:-.git}
        [ -d "$gitexp_own" ] || gitexp_own=$(git rev-parse --git-dir) || return 1
        [ -f "$gitexp_own/exp/commit.json" ] || return 1
    fi
    [ "$(git config --type=bool exp.hooks 2>/dev/null)" != false ] || return 1
    command -v git-exp >/dev/null && return
    echo "git exp is not on PATH: its part of the $gitexp_hook hook is left out" >&2
    return 1
}

# Call a program with what git has sent to this hook.
fed() {
    if [ -n "$gitexp_input" ]; then
        printf %s "${gitexp_input%x}" 2>/dev/null | "$@"
    else
        "$@"
    fi
}

if ! wanted; then
    [ -z "$gitexp_before" ] || exec "$gitexp_before" "$@"
    exit 0
fi

gitexp_input=
case $gitexp_hook in
pre-push | post-rewrite) gitexp_input=$(cat && echo x) ;;
esac

gitexp_code=0
[ -z "$gitexp_before" ] || fed "$gitexp_before" "$@" || gitexp_code=$?
case $gitexp_hook in
post-*) ;;
*) [ $gitexp_code = 0 ] || exit $gitexp_code ;;
esac

fed git-exp hook "$gitexp_hook" "$@"
gitexp_ours=$?
case $gitexp_ours in
0) ;;
# It refuses, or was interrupted. Whatever else happened to it is no reason to stop: where its Python breaks,
# that is a 1.
75 | 130) gitexp_code=$gitexp_ours ;;
*) echo "warning: git exp hook $gitexp_hook failed ($gitexp_ours)" >&2 ;;
esac
exit $gitexp_code
