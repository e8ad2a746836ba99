/// What an owner's news of an account means for others. An owner changes its own state, and returns these in the order in which they hold.
enum Consequence: Equatable {
    /// The venue contradicts what is taken for granted of the account, or a limit of it.
    case found(BreakKind, detail: String)
    /// The reason of such a break is gone.
    case mended(BreakKind)
    /// The venue serves none of our accounts.
    case ban(VenueBan)
    /// Who the account is goes on record, and why now.
    case pin(String)
    /// What barred orders from being sent again is refuted.
    case lift(Bars, words: String)
    /// Orders in doubt that were sent when the account was another, or may have been, wait for a person.
    case parkFormer
    /// What was listed counts no more; `at`: listed again then, by the runner's clock; nil: when it is its time.
    case reconcile(at: Int64?)
}

extension Engine {
    /// The one place where what one owner says reaches the others.
    func settle(_ consequences: [Consequence], on desk: Desk) {
        for consequence in consequences {
            switch consequence {
            case .found(let kind, let detail): found(kind, of: nil, on: desk, detail: detail)
            case .mended(let kind): mended(kind, on: desk)
            case .ban(let ban): impose(ban)
            case .pin(let why): desk.access.pin(why, in: turn)
            case .lift(let bars, let words): lift(bars, on: desk, words: words)
            case .parkFormer: for key in desk.book.doubts.sorted() { if let live = desk.book[key] { parkAtOnce(live, on: desk) } }
            case .reconcile(let time): desk.listing.reconcileAnew(at: time)
            }
        }
    }
}
