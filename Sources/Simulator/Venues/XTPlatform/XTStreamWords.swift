import Wire

// What the streams of XT and AZ have in common: methods, ids and codes. Source: docs/venues/xt.md, 9.

/// A client's message: `{method, params, id, listenKey?}`.
struct XTStreamRequest {
    let method: String
    let params: [String]
    /// As sent; null where none was.
    let id: JSON
    let listenKey: String?

    /// nil for what is no such message.
    init?(_ text: [UInt8]) {
        guard let root = try? JSONParser.parse(text), let method = root["method"]?.string?.lowercased() else { return nil }
        guard let params = root["params"]?.array, params.allSatisfy({ $0.string != nil }) else { return nil }
        (self.method, self.params, id, listenKey) = (method, params.compactMap(\.string), root["id"] ?? .null, root["listenKey"]?.string)
    }

    static func name(of text: [UInt8]) -> String {
        if text.elementsEqual("ping".utf8) { return "ping" }
        guard let method = XTStreamRequest(text)?.method, ["subscribe", "unsubscribe"].contains(method) else { return "other" }
        return method
    }
}

/// The answer to a subscribe.
func xtStreamAnswer(_ id: JSON, _ code: Int, _ words: String, more: (inout JSONWriter) -> Void = { _ in }) -> StreamAnswer {
    .text(
        written { writer in
            writer.key("id")
            writer.value(id)
            writer.member("code", code)
            writer.member("msg", words)
            more(&writer)
        })
}

/// Subscribes to channels one by one, as far as faults let it. - Returns: nil where all went well; the code of a refusal, or that nothing is to be said.
func xtSubscribe(_ channels: [String], _ session: inout StreamSession, _ scene: StreamScene) -> XTSubscribed {
    var result = XTSubscribed.done
    for channel in channels {
        switch scene.strike(channel) {
        case .subscribeRefused(let code): result = .refused(code.flatMap { Int($0) })
        case .ackMissing(let subscribes):
            if subscribes { session.subscribe(channel) }
            if case .done = result { result = .unsaid }
        default: session.subscribe(channel)
        }
    }
    return result
}

enum XTSubscribed {
    case done
    /// nil: the dialect's own code.
    case refused(Int?)
    case unsaid
}
