/// A name given by somebody: text that must not be mixed up with another kind of name.
package protocol TextIdentifier: Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    var text: String { get }
    init(_ text: String)
}

extension TextIdentifier {
    package var description: String { text }
    package init(stringLiteral value: String) { self.init(value) }
    package static func < (left: Self, right: Self) -> Bool { left.text < right.text }
}

/// The name of a configured account, for example `mm-az`.
package struct AccountID: TextIdentifier {
    package let text: String
    package init(_ text: String) { self.text = text }
}

/// The caller's idempotency key: 1–64 of `[A-Za-z0-9._:-]`.
package struct IntentID: TextIdentifier {
    package let text: String
    package init(_ text: String) { self.text = text }
}

/// The caller's word for what an intent belongs to, a strategy say: 1–64 of `[A-Za-z0-9._:-]`. Its orders bear it too.
package struct Tag: TextIdentifier {
    package let text: String
    package init(_ text: String) { self.text = text }
}

/// The id under which we send an order (FIX ClOrdID): never used twice in one journal.
package struct ClientOrderID: TextIdentifier {
    package let text: String
    package init(_ text: String) { self.text = text }
}

/// The id the venue gave an order (FIX OrderID), kept as text whatever its shape.
package struct VenueOrderID: TextIdentifier {
    package let text: String
    package init(_ text: String) { self.text = text }
}

/// The venue's id of one execution (FIX ExecID): the key of the set of fills.
package struct TradeID: TextIdentifier {
    package let text: String
    package init(_ text: String) { self.text = text }
}

/// A market's name in the venue's own form: `BTCUSDT`, `btc_usdt`, `BTC/USDT`.
package struct Symbol: TextIdentifier {
    package let text: String
    package init(_ text: String) { self.text = text }
}

/// A row's number in the journal, typed by what the row is.
package protocol NumberIdentifier: Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByIntegerLiteral {
    var number: Int64 { get }
    init(_ number: Int64)
}

extension NumberIdentifier {
    package var description: String { String(number) }
    package init(integerLiteral value: Int64) { self.init(value) }
    package static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

/// An order's place in the record: the sequence number of its birth.
package struct OrderKey: NumberIdentifier {
    package let number: Int64
    package init(_ number: Int64) { self.number = number }
}

/// An intent's place in the record: the sequence number of its acceptance.
package struct IntentKey: NumberIdentifier {
    package let number: Int64
    package init(_ number: Int64) { self.number = number }
}

/// A cancel or modify asked for; the sequence number of its birth.
package struct CommandID: NumberIdentifier {
    package let number: Int64
    package init(_ number: Int64) { self.number = number }
}

/// A guard of a client's connection; the sequence number of the line that says it began.
package struct GuardID: NumberIdentifier {
    package let number: Int64
    package init(_ number: Int64) { self.number = number }
}

/// One attempt on the wire. Counts on over restarts, never repeats.
package struct RequestID: NumberIdentifier {
    package let number: Int64
    package init(_ number: Int64) { self.number = number }
}
