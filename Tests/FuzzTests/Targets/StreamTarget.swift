import OMSCore
import Venues
import Wire

/// A message of a venue's private stream. The first byte chooses whose; the rest is the message.
enum StreamTarget {
    static let dialects: [any StreamDialect] = VenueCatalog.all.sorted { $0.venue < $1.venue }.flatMap { line in
        line.products.flatMap { product in line.streams.compactMap { line.stream(product, generation: $0) } }
    }

    static func problem(with bytes: [UInt8]) -> String? {
        guard let first = bytes.first else { return nil }
        let message = Array(bytes[1...])
        let news = dialects[Int(first) % dialects.count].read(message)
        let text = String(decoding: message, as: UTF8.self)
        for one in news {
            if let problem = problem(with: one, in: text) { return "\(problem): \(one) out of \(text.prefix(300))" }
        }
        return nil
    }

    private static func problem(with news: StreamNews, in text: String) -> String? {
        /// An escaped id may be spelled otherwise.
        func names(_ id: String) -> Bool { text.contains(id) || text.contains("\\") }
        switch news {
        case .order(let heard):
            guard let id = heard.report.venueOrderID, names(id.text) else { return "an order that the message does not name" }
            let amounts = [heard.report.price, heard.report.quantity, heard.report.filledQuantity, heard.report.averagePrice]
            return amounts.contains { $0?.isNegative == true } ? "a negative amount" : nil
        case .fill(let heard):
            guard names(heard.fill.tradeID.text), names(heard.fill.venueOrderID.text) else { return "an execution that the message does not name" }
            return heard.fill.quantity.isPositive && heard.fill.price.isPositive ? nil : "an execution of nothing"
        case .fillsDue(let heard):
            guard let id = heard.venueOrderID?.text ?? heard.clientOrderID?.text, names(id) else { return "an execution of no order" }
            return nil
        case .loginRefused(_, let code, let words), .subscribeRefused(_, let code, let words): return problem(withWords: code + words)
        case .goingAway(let words), .tooFast(let words), .tokenRefused(let words), .unknown(let words): return problem(withWords: words)
        case .pong, .ping, .greeting, .loginAccepted, .subscribed: return nil
        }
    }

    private static func problem(withWords words: String) -> String? {
        let isPlain = words.unicodeScalars.allSatisfy { (0x20...0x7E).contains($0.value) || $0 == "…" }
        return isPlain && words.utf8.count < 2_000 ? nil : "words that no log should have"
    }
}
