import CLinux
import Control
import ControlAPI
import Kernel
import OMSCore
import Venues
import Wire

/// The profile of a venue and product; nil: this build does not speak it.
typealias ProfileResolver = (_ venue: String, _ product: String) -> VenueProfile?

extension Configuration {
    /// Reads and checks a configuration file.
    ///
    /// - Parameters:
    ///   - environment: `CREDENTIALS_DIRECTORY` is where relative credentials are looked for first.
    ///   - profile: What is known of a venue; tests hand in their own.
    /// - Throws: ``ConfigurationError`` with every problem found, not only the first.
    static func load(
        _ path: String, environment: [String: String], profile: @escaping ProfileResolver = { VenueCatalog.adapter(venue: $0, product: $1)?.profile }
    ) throws(ConfigurationError) -> Configuration {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try readWholeFile(path, bytesMax: 4 << 20)
        } catch {
            throw ConfigurationError(
                problems: [ConfigurationProblem(file: path, line: nil, column: nil, key: "", problem: "cannot be read: \(error)")])
        }
        return try parse(bytes, path: path, environment: environment, profile: profile)
    }

    /// As `load`, over bytes. `path` names the file in errors, and its folder is where relative paths start.
    static func parse(
        _ bytes: [UInt8], path: String, environment: [String: String], profile: @escaping ProfileResolver
    ) throws(ConfigurationError) -> Configuration {
        let reader = ConfigurationReader(file: path, bytes: bytes)
        let sections = ["journal", "control", "metrics", "log", "seal", "archive", "replica", "accounts"]
        guard let document = reader.document(.init(isJSON5: true), keys: sections) else {
            throw ConfigurationError(problems: reader.problems)
        }
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) + "/" } ?? ""
        let places = Places(folder: folder, credentialsFolder: environment["CREDENTIALS_DIRECTORY"])
        let journal = document.requiredSection("journal", keys: ["path"])?.text("path", isRequired: true)
        let control = document.requiredSection("control", keys: ["socket", "socket_mode", "roles"]).flatMap(readControl)
        let metrics = document.section("metrics", keys: ["listen"]).flatMap(readMetrics)
        let logFormat = document.section("log", keys: ["format"])?.choice("format", Log.Format.self)
        let sealKey = document.section("seal", keys: ["key"]).flatMap { section in
            section.text("key").map { text in
                let (path, isManaged) = places.credentials(text)
                return SealKeyConfiguration(path: path, isManaged: isManaged, place: section.place(of: "key"))
            }
        }
        let archive = document.section("archive", keys: ["after_days", "folder"]).map { section in
            ArchiveConfiguration(
                afterDays: section.integer("after_days", in: ArchiveConfiguration.days) ?? ArchiveConfiguration.daysDefault,
                folder: section.text("folder").map { places.beside($0) }, place: document.place(of: "archive"),
                folderPlace: section.place(of: "folder"))
        }
        let replica = document.section("replica", keys: ReplicaConfiguration.keys).flatMap {
            ReplicaConfiguration($0, place: document.place(of: "replica"))
        }
        let accounts = readAccounts(document, places: places, profile: profile)
        guard reader.problems.isEmpty, let journal, let control else { throw ConfigurationError(problems: reader.problems) }
        return Configuration(
            path: path, journalPath: places.beside(journal), control: control, metricsListen: metrics, logFormat: logFormat ?? .auto,
            sealKey: sealKey, archive: archive, replica: replica, accounts: accounts)
    }

    private static func readControl(_ section: ConfigurationSection) -> ControlConfiguration? {
        let socket = section.text("socket", isRequired: true)
        if let socket, UnixAddress(name: socket) == nil || !socket.hasPrefix("/") {
            section.report("must be an absolute path of at most 107 bytes", "socket")
        }
        var mode: UInt32 = 0o660
        if let text = section.text("socket_mode") {
            if (3...4).contains(text.utf8.count), let given = UInt32(text, radix: 8), given <= 0o777 {
                mode = given
            } else {
                section.report("must be an octal mode in quotes, \"0000\" to \"0777\"", "socket_mode")
            }
        }
        let roles = section.section("roles", keys: Role.allCases.map(\.name)).map { RoleGrants($0) } ?? RoleGrants()
        return socket.map { ControlConfiguration(socketPath: $0, socketMode: mode, roles: roles) }
    }

    private static func readMetrics(_ section: ConfigurationSection) -> ListenAddress? {
        guard let text = section.text("listen", isRequired: true) else { return nil }
        guard let address = ListenAddress(text) else {
            section.report("must be ADDRESS:PORT, for example 127.0.0.1:9464 or [::1]:9464", "listen")
            return nil
        }
        return address
    }

    private static func readAccounts(_ document: ConfigurationSection, places: Places, profile: @escaping ProfileResolver) -> [AccountConfiguration] {
        guard let section = document.requiredSection("accounts", keys: nil) else { return [] }
        if section.members.isEmpty { document.report("names no account", "accounts") }
        var accounts: [(configuration: AccountConfiguration, section: ConfigurationSection)] = []
        for member in section.members {
            let key = section.name(of: member.key)
            if !isName(member.key) {
                section.reader.report("an account's name is 1 to 64 of A-Z a-z 0-9 . _ : -", key: key, at: member.keyOffset)
            }
            guard let fields = section.reader.section(member.value, key: key, keys: AccountReader.keys) else { continue }
            let reader = AccountReader(section: fields, places: places, profile: profile)
            if let account = reader.read(named: AccountID(member.key)) { accounts.append((account, fields)) }
        }
        AccountReader.checkDeadmen(accounts)
        return accounts.map(\.configuration)
    }

    /// What accounts, groups and hosts may be called.
    static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

extension RoleGrants {
    /// Reads `{viewer: ["group:audit"], trader: ["user:1001"], operator: []}`. Names are looked up now: one that does not exist is an error.
    init(_ section: ConfigurationSection) {
        self.init()
        for role in Role.allCases {
            for item in section.texts(role.name) ?? [] {
                do throws(RoleEntryError) { try grant(role, to: item.text) } catch {
                    section.reader.report(error.description, key: item.key, at: item.offset)
                }
            }
        }
    }
}

extension ListenAddress {
    /// Reads `127.0.0.1:9464` or `[::1]:9464`; nil for names and anything else.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else { return nil }
        var host = String(text[..<colon])
        let isV6 = host.hasPrefix("[") && host.hasSuffix("]")
        if isV6 { host = String(host.dropFirst().dropLast()) }
        var room = in6_addr()
        guard inet_pton(isV6 ? AF_INET6 : AF_INET, host, &room) == 1 else { return nil }
        self.init(host: host, port: port)
    }
}

/// Where relative paths of a configuration start.
struct Places {
    /// The configuration file's folder with its `/`; empty: where the daemon runs.
    let folder: String
    let credentialsFolder: String?

    func beside(_ path: String) -> String { path.hasPrefix("/") ? path : folder + path }

    /// Absolute, else in the credentials folder if it is there, else beside the configuration.
    func credentials(_ path: String) -> (path: String, isManaged: Bool) {
        guard let root = credentialsFolder, root.hasPrefix("/") else { return (beside(path), false) }
        let steps = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !steps.contains("..") else { return (beside(path), false) }
        if path.hasPrefix("/") { return (path, path.hasPrefix(root.hasSuffix("/") ? root : root + "/")) }
        // systemd names what it found in a folder `credentials` after both: credentials_NAME.
        for name in [path, "credentials_" + path] where access(root + "/" + name, F_OK) == 0 { return (root + "/" + name, true) }
        return (beside(path), false)
    }
}

/// A small regular file, read at once.
///
/// - Throws: ``SystemError``, also for what is no regular file (EINVAL) and for one beyond `bytesMax` (EFBIG).
func readWholeFile(_ path: String, bytesMax: Int) throws(SystemError) -> [UInt8] {
    let descriptor = omsd_open_to_read(path)
    guard descriptor >= 0 else { throw SystemError("open") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw SystemError("stat") }
    guard status.st_mode & UInt32(S_IFMT) == UInt32(S_IFREG) else { throw SystemError("not a regular file", errno: EINVAL) }
    guard status.st_size <= bytesMax else { throw SystemError("larger than \(bytesMax) bytes", errno: EFBIG) }
    var bytes: [UInt8] = []
    let step = 1 << 16
    while true {
        let old = bytes.count
        guard old <= bytesMax else { throw SystemError("larger than \(bytesMax) bytes", errno: EFBIG) }
        bytes.append(contentsOf: repeatElement(0, count: step))
        let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress?.advanced(by: old), step) }
        let code = omsd_errno()
        bytes.removeLast(step - max(count, 0))
        if count == 0 { return bytes }
        guard count > 0 || code == EINTR else { throw SystemError("read", errno: code) }
    }
}
