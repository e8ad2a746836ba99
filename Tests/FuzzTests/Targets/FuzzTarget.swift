import Glibc

/// What is fed with any bytes at all. Each looks for more than traps: it says what is wrong with what came out.
enum FuzzTarget: String, CaseIterable, Sendable {
    case control, answers, response, request, configuration, journal, record, websocket, upgrade, stream

    /// nil: as it should be.
    func problem(with bytes: [UInt8]) -> String? {
        switch self {
        case .control: ControlTarget.problem(with: bytes)
        case .answers: AnswerTarget.problem(with: bytes)
        case .response: HTTPTarget.problemWithResponse(bytes)
        case .request: HTTPTarget.problemWithRequest(bytes)
        case .configuration: ConfigurationTarget.problem(with: bytes)
        case .journal: JournalTarget.problem(with: bytes)
        case .record: RecordTarget.problem(with: bytes)
        case .websocket: WebSocketTarget.problemWithFrames(bytes)
        case .upgrade: WebSocketTarget.problemWithUpgrade(bytes)
        case .stream: StreamTarget.problem(with: bytes)
        }
    }
}

/// What libFuzzer calls (scripts/fuzz): `OMSD_FUZZ_TARGET` names the target.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    if let problem = chosenTarget.problem(with: Array(UnsafeBufferPointer(start: start, count: count))) { fatalError(problem) }
    return 0
}

private let chosenTarget: FuzzTarget = {
    guard let name = getenv("OMSD_FUZZ_TARGET"), let target = FuzzTarget(rawValue: String(cString: name)) else {
        fatalError("OMSD_FUZZ_TARGET: one of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return target
}()
