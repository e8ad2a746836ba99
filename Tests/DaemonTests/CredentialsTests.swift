import CLinux
import OMSCore
import TestSupport
import Testing
import Wire

@testable import OMSDaemon

@Suite struct CredentialsTests {
    private static let canary = "s3cr3t-canary-1f9b"

    private func problems(_ text: String, mode: mode_t = 0o600, isManaged: Bool = false, needsPassphrase: Bool = false) throws -> [String] {
        let scratch = ScratchDirectory()
        let file = try scratch.write("key.json", text, mode: mode)
        do {
            _ = try Credentials.load(file, isManaged: isManaged, needsPassphrase: needsPassphrase)
            return []
        } catch {
            return error.problems.map { String($0.description.dropFirst(file.count)) }
        }
    }

    @Test func `a key from a file signs as the same key given directly`() throws {
        let scratch = ScratchDirectory()
        let file = try scratch.write("key.json", #"{"key": "id-1", "secret": "a\"b\\c\/d", "passphrase": "open sesame"}"#)

        let credentials = try Credentials.load(file, isManaged: false, needsPassphrase: true)

        let direct = SigningKey(keyID: "id-1", secret: Array(#"a"b\c/d"#.utf8), passphrase: nil)
        #expect(credentials.key.hmacSHA256([1, 2, 3]) == direct.hmacSHA256([1, 2, 3]))
        #expect(credentials.key.keyID == "id-1")
        #expect(credentials.key.passphrase == "open sesame")
        #expect(credentials.fingerprint == String(hex(sha256(Array("id-1".utf8))).prefix(12)))
        #expect(!"\(credentials)".contains("id-1"))
    }

    @Test func `a file that others can read is refused, except in systemd's folder`() throws {
        let text = #"{"key": "k", "secret": "s"}"#

        #expect(try problems(text, mode: 0o640) == [": is open to group or others (mode 0640); chmod 600 it and treat the key as seen"])
        #expect(try problems(text, mode: 0o604).count == 1)
        #expect(try problems(text, mode: 0o440, isManaged: true) == [])
        #expect(try problems(text, mode: 0o400) == [])
    }

    @Test(arguments: [
        (#"{"key": "k"}"#, ":1:1: secret: the key is missing"),
        ("{\"key\": \"k\",\n \"secret\": 5}", ":2:12: secret: a string should stand here, not a number"),
        ("{\"key\": \"k\",\n \"secret\": \"\"}", ":2:12: secret: must not be empty"),
        (#"{"key": "k\n", "secret": "s"}"#, ":1:9: key: ends in a line break"),
        (#"{"key": "k", "secret": "s "}"#, ":1:24: secret: starts or ends with a space"),
        (#"{"key": "k", "secret": "é"}"#, ":1:24: secret: holds a character that is not printable ASCII"),
        (#"{"key": "k", "secret": "\u0073"}"#, ":1:24: secret: holds an escape; write the character itself"),
        (#"{"key": "k", "secret": "s", "secret": "t"}"#, ":1:29: secret: the key stands twice"),
        (#"{"key": "k", "secret": "s", "passfrase": "p"}"#, ":1:29: passfrase: unknown key; did you mean passphrase?"),
        ("[]", ":1:1: an object should stand here, not a list"),
        ("", ":1:1: the text ends where a value should stand"),
    ])
    func `a wrong file is refused by line and key`(text: String, problem: String) throws {
        #expect(try problems(text) == [problem])
    }

    @Test func `a venue that signs with a passphrase refuses credentials without one`() throws {
        #expect(try problems(#"{"key": "k", "secret": "s"}"#, needsPassphrase: true) == [":1:1: passphrase: the key is missing"])
    }

    @Test(arguments: [
        "{\"key\": \"k\", \"secret\": \"\(canary)\", }", "{\"key\": \"k\", \"secret\": \(canary)}", "{\"key\": \"k\", \"secret\": \"\(canary)\\q\"}",
        "{\"key\": \"k\" \"secret\": \"\(canary)\"}", "{\"key\": [\"\(canary)\"], \"secret\": \"\(canary)\n\"}", "{\"secret\": \"\(canary)",
    ])
    func `no message quotes a secret`(text: String) throws {
        let found = try problems(text)

        #expect(!found.isEmpty)
        #expect(!found.contains { $0.contains("canary") || $0.contains("s3cr3t") })
    }

    @Test func `the parser sees a text as long as the file, without its values`() {
        let text = #"{"key": "k\"ey", "secret": "sec:ret,{" }"#

        let masked = Array(text.utf8).withUnsafeBytes { CredentialsText.masked($0) }

        #expect(String(decoding: masked, as: UTF8.self) == #"{"key": "xxxxx", "secret": "xxxxxxxxx" }"#)
    }

    @Test func `a folder, a missing file and a huge file are refused`() throws {
        let scratch = ScratchDirectory()
        let huge = try scratch.write("huge", String(repeating: " ", count: 70_000))
        func problem(_ path: String) -> String? {
            do {
                _ = try Credentials.load(path, isManaged: false, needsPassphrase: false)
                return nil
            } catch { return error.problems.first?.problem }
        }

        #expect(problem(scratch.path) == "is not a regular file")
        #expect(problem(scratch.path + "/none") == "cannot be read: open: No such file or directory")
        #expect(problem(huge) == "is larger than 65536 bytes")
    }

    @Test func `the problems of all accounts are told at once`() throws {
        let text = """
            {journal: {path: "/j"}, control: {socket: "/s"}, accounts: {
              a: {venue: "az-futures", product: "usdt", uid: "1", credentials: "/nonexistent/a"},
              b: {venue: "xt-spot", product: "spot", uid: "1", credentials: "/nonexistent/b"}}}
            """
        let configuration = try Configuration.parse(Array(text.utf8), path: "c", environment: [:], profile: testProfile)

        let error = try #require(throws: ConfigurationError.self) { try configuration.loadCredentials(profile: testProfile) }

        #expect(
            error.problems.map(\.description) == [
                "c:2:68: accounts.a.credentials: /nonexistent/a cannot be read: open: No such file or directory",
                "c:3:65: accounts.b.credentials: /nonexistent/b cannot be read: open: No such file or directory",
            ])
    }
}
