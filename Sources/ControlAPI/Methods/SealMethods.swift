/// A hash over lines of the record and over the one before, as the view `v_seals` has it.
package struct ShownSeal: ViewRow {
    package static let view = "v_seals"
    package var firstSeq: Int64 = 0
    package var lastSeq: Int64 = 0
    package var lines: Int64 = 0
    package var at: Int64 = 0
    package var seal = ""
    package var key, signature: String?
    package var form: Int64 = 0
    package init() {}
    package mutating func members(_ each: inout some MemberVisitor) {
        each.member("first_seq", &firstSeq)
        each.member("last_seq", &lastSeq)
        each.member("lines", &lines)
        each.member("at", &at)
        each.member("seal", &seal)
        each.member("key", &key)
        each.member("signature", &signature)
        each.member("form", &form)
    }
}

package enum SealGet: Method {
    package static let name = "seal.get"
    package static let role = Role.viewer
    package static let summary = "The newest seal of the record: kept elsewhere, it shows later whether the journal was changed since."
    package static let resultNote = ": head is null before the first one; unsealed numbers of the record are behind it"
    package typealias Parameters = Nothing

    package struct Result: Message {
        package var head: ShownSeal?
        package var seq: Int64 = 0
        package var unsealed: Int64 = 0
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("head", &head)
            each.member("seq", &seq)
            each.member("unsealed", &unsealed)
        }
    }
}
