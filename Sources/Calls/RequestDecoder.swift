import ControlAPI
import Kernel
import OMSCore
import Wire

// Calls: what a line of a caller asks of the core, and what the core's answer says to him. Pure: between the socket, which knows bytes, and the engine, which
// knows orders. The protocol itself is declared in ControlAPI.

/// What one line asks for.
package enum DecodedLine {
    /// `id`: its JSON text, for the answer.
    case command(ControlCommand, id: [UInt8])
    case discover(id: [UInt8])
    case refused(ControlError, id: [UInt8])
    /// No answer is due. `isMutating`: it asked for a change, which is not made.
    case notification(method: String, isMutating: Bool)
    /// Nothing but white space.
    case blank
}

/// Turns a line into a command of a peer that may give it, or into the words why not. Pure.
package enum RequestDecoder {
    package static let idBytesMax = 1_024
    private static let null = Array("null".utf8)

    /// - Parameters:
    ///   - line: Without its newline.
    ///   - role: nil: the peer has none, every request is answered with 1006.
    package static func decode(_ line: UnsafeBufferPointer<UInt8>, role: Role?) -> DecodedLine {
        if let role, role >= .trader, let (id, intent) = IntentScanner.scan(line) {
            return .command(IntentDecoder.submission(of: intent), id: id)
        }
        return decodeCarefully(line, role: role)
    }

    /// The way of every request but plain intents.
    package static func decodeCarefully(_ line: UnsafeBufferPointer<UInt8>, role: Role?) -> DecodedLine {
        if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { return .blank }
        let (document, duplicate): (JSON, JSONError?)
        do throws(JSONError) {
            (document, duplicate) = try JSONParser.parseTellingDuplicates(line)
        } catch {
            let code: ErrorCode = error.kind == .tooDeep ? .requestInvalid : .requestUnreadable
            return .refused(ControlError(code, "column \(error.column): \(error.problem)"), id: null)
        }
        guard let members = document.object else {
            let what = document.array == nil ? "a request is an object" : "batch arrays are not taken; send one request a line"
            return .refused(.invalidRequest(what), id: null)
        }
        // A call of which even the id is in doubt is answered without one.
        if let duplicate, members.lazy.filter({ $0.key == "id" }).count > 1 { return .refused(.invalidRequest(duplicate.problem), id: null) }
        let id: [UInt8]
        switch document["id"] {
        case nil: return notification(document)
        case .null?: id = null
        case .number(let text)? where text.utf8.count <= idBytesMax: id = Array(text.utf8)
        case .string(let text)? where text.utf8.count <= idBytesMax: id = JSON.string(text).serialized()
        case .bool?, .array?, .object?, .number?, .string?:
            return .refused(.invalidRequest("id: should be a string or a number of at most \(idBytesMax) bytes"), id: null)
        }
        do throws(ControlError) {
            if let duplicate {
                throw .invalidParams("\(JSONParser.path(to: duplicate.offset, in: line)): \(duplicate.problem)")
            }
            return try call(document, members.map(\.key), id: id, role: role)
        } catch {
            return .refused(error, id: id)
        }
    }

    private static func notification(_ document: JSON) -> DecodedLine {
        guard document["jsonrpc"]?.string == "2.0", let name = document["method"]?.string else {
            return .refused(.invalidRequest("should hold jsonrpc:\"2.0\", an id and a method"), id: null)
        }
        return .notification(
            method: String(name.prefix(64)).escapedForLog, isMutating: CallTable.line(named: name)?.isMutating ?? false)
    }

    private static func call(_ document: JSON, _ names: [String], id: [UInt8], role: Role?) throws(ControlError) -> DecodedLine {
        guard document["jsonrpc"] == .string("2.0") else { throw .invalidRequest("jsonrpc: should be \"2.0\"") }
        let known = ["jsonrpc", "id", "method", "params"]
        if let name = names.first(where: { !known.contains($0) }) {
            let hint = closest(to: name, among: known).map { "; did you mean \($0)?" } ?? ""
            throw .invalidRequest("\(String(name.prefix(64)).escapedForLog): unknown field\(hint)")
        }
        guard let name = document["method"]?.string else { throw .invalidRequest("method: should be a string") }
        guard let role else { throw .notPermitted("your user has no role on this socket; control.roles of the configuration names who has") }
        guard let method = CallTable.line(named: name) else {
            let hint = CallTable.suggestion(for: name).map { "; did you mean \($0)?" } ?? "; rpc.discover lists all"
            throw ControlError(.methodUnknown, "no method \(String(name.prefix(64)).escapedForLog)\(hint)")
        }
        guard role >= method.role else {
            throw .notPermitted("\(method.name) asks for the role \(method.role.name); yours is \(role.name)")
        }
        let parameters = try ParameterCheck.checked(document["params"], fields: method.fields)
        if let asked = method.roleAsked?(parameters), role < asked {
            throw .notPermitted("\(method.name) with these parameters asks for the role \(asked.name); yours is \(role.name)")
        }
        guard let command = method.command else { return .discover(id: id) }
        return .command(try command(parameters), id: id)
    }
}
