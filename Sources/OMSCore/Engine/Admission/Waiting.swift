/// A caller's command that waits: a submit for its account's markets, anything else for what its connection sent before. Part of ``Admission``.
struct Waiting {
    let command: ControlCommand
    var caller: Caller
    let ticket: Ticket
    /// Of a submit that came before its account knew its markets: the account, and until when it waits instead of being refused, by the runner's clock.
    var markets: (desk: Int, until: Int64)?
}
