/// How omsd ends. The numbers are those of sysexits.h, so that systemd and scripts can tell what a restart would mend.
enum ExitCode: Int32 {
    case done = 0
    /// A rehearsal saw the venue contradict what is taken for granted.
    case contradicted = 1
    /// Something that was placed may still be open.
    case open = 5
    /// The command line cannot be understood (EX_USAGE).
    case usage = 64
    /// The journal is not to be trusted: damaged where it was read, foreign, or from a newer omsd (EX_DATAERR). Restarting will not help.
    case journal = 65
    /// Reading or writing failed (EX_IOERR). The journal is never written again by the process that saw it.
    case inputOutput = 74
    /// Another daemon holds the journal or a venue uid on this host (EX_TEMPFAIL).
    case held = 75
    /// The configuration or a credentials file is wrong (EX_CONFIG). Restarting will not help.
    case configuration = 78
}
