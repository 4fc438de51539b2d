"""What the manual says beside the commands."""

from __future__ import annotations

from typing import Final

Definition = tuple[str, str]

RUNS: Final = "A run is named once, for ever. Wherever a command takes RUN, it can be written as:"
RUN_FORMS: Final[tuple[Definition, ...]] = (
    ("brave-otter-3f2ak7", "Its name."),
    ("brave-ot", "The beginning of its name, where no other run's begins so."),
    ("@, @~1, @~2", "The latest run, the one before it, and so on."),
    ("best, best:METRIC", "The finished run with the best value of the leading metric, or of the named one."),
    ("baseline:main", "The run that git exp baseline set has made the baseline of that name."),
    ("76d7dc49ef, HEAD", "A commit that holds a record: that of a run, or one that a run was merged into."),
)

CONFIGURATION: Final = (
    "git config has a person's own settings; git -c KEY=VALUE exp sets one for one command."
)
SETTINGS: Final[tuple[Definition, ...]] = (
    ("exp.maxUntracked", "Untracked files larger than this many bytes are recorded by hash only (10m)."),
    ("exp.maxBlob", "Artifacts from this many bytes on go to the artifact store instead of git (1m)."),
    ("exp.archiveFanIn", "How many parents a commit of an archive has at most (500)."),
    (
        "exp.artifacts",
        "Where large artifacts are pushed to and fetched from: a folder, or s3://, gs://, abfs://, ssh://. "
        "Without it the Git LFS server of the remote has them, or the remote itself where it is a folder.",
    ),
    ("exp.trustedLfsUrl", "A Git LFS server that .lfsconfig of a tree may name; can be given many times."),
    (
        "lfs.url, remote.NAME.lfsUrl, lfs.pushUrl, remote.NAME.lfsPushUrl",
        "The Git LFS server, as git-lfs reads them.",
    ),
    ("lfs.concurrentTransfers", "How many artifacts are moved to or from a Git LFS server at once (8)."),
    ("lfs.activityTimeout", "Seconds of silence that end a connection to a Git LFS server (60)."),
    ("exp.remote", "The git remote that runs are pushed to; else git's own choice."),
    ("exp.pushBatch", "How many runs are pushed at once (500; 5000 to a folder of this machine)."),
    ("exp.pushRate", "How often a host is pushed to in a minute at most; 0 for any (6)."),
    ("exp.autoPush", "Whether runs that end are pushed by themselves: never, finish or batch (never)."),
    ("exp.autoPushWait", "How many seconds batch waits for other runs to end (60)."),
    ("exp.autoPushLimit", "How many seconds an automatic push may take (600)."),
    (
        "exp.trustEmail",
        "Whether the address of a run's author is proof enough that it may be executed (false). Anybody can "
        "write yours: only where nobody else can push to your remotes.",
    ),
    ("exp.maxLog", "How many bytes of output a record keeps (1m)."),
    ("exp.maxConsole", "How many bytes of output are kept while a command runs (4m)."),
    ("exp.trace", "How much of what a run reads is noted: off, open or inotify (open); see git exp run."),
    ("exp.hooks", "Whether git's hooks do anything of ours; exp.hook.guard and the like for one (true)."),
    ("exp.color, color.exp, color.ui", "When to use colours: auto, always or never."),
    ("exp.pager, pager.exp, core.pager", "The pager, or false for none."),
    ("user.name, user.email", "The author of the runs."),
)

SHARED: Final = (
    "The file .gitexp.yaml at the root of the working tree holds the settings that a project shares. "
    "All are optional."
)
SHARED_SETTINGS: Final[tuple[Definition, ...]] = (
    ("params", "The params files."),
    ("metrics", "The files that results are read from."),
    ("outputs", "Files and folders to keep as artifacts."),
    ("never_capture", "Patterns of files that are never recorded."),
    ("redact", "Names of params and variables whose values are secret."),
    ("variables", "Environment variables to record besides the usual ones."),
    ("goals", "Metric: min or max, whichever is better."),
    ("noise", "Metric: how far a reproduction may be off, as a number or a share such as 1%."),
    (
        "views",
        "Lists for git exp ls --view NAME: each a name with any of query, sort, columns, group_by and limit. "
        "The one named default holds where none is asked for.",
    ),
    (
        "guard",
        "What git exp hook guard looks for: large, pointers, conflicts, secrets and stale, each false to "
        "leave it out, and nan: forbid to have results refused that are NaN or infinite.",
    ),
    (
        "inputs",
        "Role: what results depend on, recorded with each run: a path, a list of them, a mapping of name, "
        "revision, path or value, or none where there is none of that role.",
    ),
    (
        "capture",
        "Which commits git exp hook capture records, as when: changed (those that change params or results), "
        "always or never; and strict: true to have a commit refused while one of the inputs is missing.",
    ),
    (
        "audit",
        "How complete the runs of the project have to be, for git exp audit and the hooks: require, a list "
        "of roles that no run may be without, and min, a level (E0 to E4) or a share such as 0.8.",
    ),
    (
        "traces",
        "content: what of the texts in spans of model calls is kept: artifact (all, outside of git), hashes "
        "or none.",
    ),
    (
        "gates",
        "What git exp gate asks, by the name of the gate, which is default where none is named: its options, "
        "such as metrics, mode and max_drop, with _ for -. Those of the baseline hold.",
    ),
    ("isolated.link", "Ignored paths that an isolated run gets links to; all of them without this setting."),
)

VARIABLES: Final[tuple[Definition, ...]] = (
    ("GITEXP_RUN", "Set for the command of git exp run, so that the Python API in it joins the same run."),
    ("GITEXP_TRACE_DIR", "Set likewise: a folder for files of OpenTelemetry spans, which the run keeps."),
    ("GITEXP_SKIP", "Hooks that are left out, with commas between them; 1 for all of ours."),
    ("GIT_PAGER, PAGER", "The pager, as for git."),
    ("NO_COLOR", "Set to anything: no colours."),
)

FILES: Final[tuple[Definition, ...]] = (
    ("refs/exp/NAME", "The commit of a run."),
    ("refs/exp-baseline/NAME", "The commit of the run that others are held against."),
    ("refs/exp-trash/NAME", "A removed run, until git exp gc."),
    (".exp/", "The record in the tree of that commit: run.yaml, params.yaml, metrics.yaml and so on."),
    (".git/exp/", "What is not in git: live runs, those that ended within a day, and what undo goes by."),
    (".git/exp/envs/", "The environments that git exp repro --env has built. It can be deleted."),
    (".git/exp/auto-push/log", "What automatic pushes did."),
    (".git/exp/index.sqlite", "What lists are answered from. It can be deleted at any time."),
)
