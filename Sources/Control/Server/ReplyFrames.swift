import Calls
import ControlAPI
import OMSCore
import Wire

/// The lines that go to clients.
enum ReplyFrames {
    private static let answerHead = Array("{\"jsonrpc\":\"2.0\",\"id\":".utf8)
    private static let resultHead = Array(",\"result\":".utf8)
    private static let eventHead = Array("{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":".utf8)
    private static let tail = Array("}\n".utf8)

    /// - Parameter id: JSON text.
    static func result(_ result: [UInt8], id: [UInt8], into out: inout [UInt8]) {
        out.append(contentsOf: answerHead)
        out.append(contentsOf: id)
        out.append(contentsOf: resultHead)
        out.append(contentsOf: result)
        out.append(contentsOf: tail)
    }

    static func event(_ parameters: [UInt8], into out: inout [UInt8]) {
        out.append(contentsOf: eventHead)
        out.append(contentsOf: parameters)
        out.append(contentsOf: tail)
    }

    static func error(_ error: ControlError, id: [UInt8], into out: inout [UInt8]) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("jsonrpc", "2.0")
        writer.key("id")
        writer.raw(id)
        writer.key("error")
        CallError(error).write(to: &writer)
        writer.endObject()
        out.append(contentsOf: writer.bytes)
        out.append(UInt8(ascii: "\n"))
    }
}
