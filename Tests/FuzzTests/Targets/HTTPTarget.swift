import Wire

/// HTTP messages: however the bytes are cut into arrivals, the same is read.
enum HTTPTarget {
    private static let limits = HTTPLimits(headBytes: 2_048, bodyBytes: 8_192)

    static func problemWithResponse(_ bytes: [UInt8]) -> String? {
        func read(_ size: Int) -> (HTTPResponse?, HTTPFault?) {
            var parser = HTTPResponseParser(limits: limits)
            for start in stride(from: 0, to: bytes.count, by: size) {
                do throws(HTTPFault) {
                    if let response = try parser.consume(Array(bytes[start..<min(start + size, bytes.count)])) { return (response, nil) }
                } catch { return (nil, error) }
            }
            return (nil, nil)
        }
        let whole = read(max(1, bytes.count))
        if let response = whole.0 {
            guard (200...599).contains(response.status) else { return "status \(response.status)" }
            guard response.body.count <= limits.bodyBytes else { return "a body of \(response.body.count) bytes" }
        }
        // Bytes behind an answer are a fault when they came with it, and of no more interest when they did not.
        for size in [1, 7] {
            let cut = read(size)
            if let response = whole.0, cut.0 != response { return "cut in \(size), another answer" }
            if whole.0 == nil, whole.1 == nil, cut.0 != nil || cut.1 != nil { return "cut in \(size), an end that was not there" }
        }
        return nil
    }

    static func problemWithRequest(_ bytes: [UInt8]) -> String? {
        func read(_ size: Int) -> ([HTTPRequest], HTTPFault?) {
            var parser = HTTPRequestParser(limits: limits)
            var requests: [HTTPRequest] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                parser.append(Array(bytes[start..<min(start + size, bytes.count)]))
                do throws(HTTPFault) { while let request = try parser.next() { requests.append(request) } } catch { return (requests, error) }
            }
            return (requests, nil)
        }
        let whole = read(max(1, bytes.count))
        for size in [1, 7] {
            let cut = read(size)
            guard cut.0 == whole.0 else { return "cut in \(size), \(cut.0.count) instead of \(whole.0.count) requests" }
        }
        return nil
    }
}
