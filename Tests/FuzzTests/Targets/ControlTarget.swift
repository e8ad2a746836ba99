import OMSCore
import Wire

@testable import Calls

/// A line of the control socket: the quick reader takes nothing that the careful one reads otherwise.
enum ControlTarget {
    static func problem(with line: [UInt8]) -> String? {
        line.withUnsafeBufferPointer { bytes in
            _ = RequestDecoder.decode(bytes, role: nil)
            let careful = RequestDecoder.decodeCarefully(bytes, role: .operator)
            guard let quick = IntentScanner.scan(bytes) else { return nil }
            guard case .command(.submit(let intent, let digest), let id) = careful else { return "only the scanner takes this line" }
            guard (try? JSONParser.parse(quick.id)) == (try? JSONParser.parse(id)) else { return "two ids" }
            guard "\(quick.intent)" == "\(intent)", case .submit(_, let other) = IntentDecoder.submission(of: quick.intent), other == digest else {
                return "two intents"
            }
            return nil
        }
    }
}
