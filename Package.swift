// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .treatAllWarnings(as: .error), .enableUpcomingFeature("ExistentialAny"),
    // glibc's types differ with and without this; the shims ask for it, so every other clang module must be built alike.
    .unsafeFlags(["-Xcc", "-D_GNU_SOURCE"]),
]

func target(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = [], path: String? = nil) -> Target {
    .target(name: name, dependencies: dependencies, path: path, resources: resources, swiftSettings: settings)
}

func program(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .executableTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name + "Tests", dependencies: dependencies + ["TestSupport"], exclude: exclude, swiftSettings: settings)
}

// Floors, lowest first (docs/ARCHITECTURE.md): a target imports only lower ones, and two on one floor never meet.
let package = Package(
    name: "omsd",
    products: [
        .executable(name: "omsd", targets: ["OMSDaemon"]),
        .executable(name: "omsctl", targets: ["omsctl"]),
        .executable(name: "omsim", targets: ["omsim"]),
    ],
    targets: [
        // 0: C libraries, and containers that know nothing of what they hold
        .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLinux"),
        // Its header alone: the library is opened at run time (docs/decisions/0025-standby.md).
        .systemLibrary(name: "CPQ", providers: [.apt(["libpq-dev"])]),
        target("Containers"),
        // 1: values and rules
        target("OMSCore", ["Containers"]),
        target("Wire", ["COpenSSL"]),
        target("Kernel", ["CLinux"]),
        target(
            "Migrations",
            resources: [
                .embedInCode("0001_journal.sql"), .embedInCode("0002_tried_from_outside.sql"), .embedInCode("0003_forms_of_content.sql"),
                .embedInCode("0004_counted_permits.sql"), .embedInCode("0005_guards.sql"), .embedInCode("0006_seals.sql"),
                .embedInCode("0007_tags.sql"), .embedInCode("0008_stream_origin.sql"), .embedInCode("0009_positions.sql"),
                .embedInCode("0010_record.sql"),
                .embedInCode("0011_archive.sql"), .embedInCode("0012_rehearsals.sql"),
            ], path: "migrations"),
        // 2: what clients and daemon say to each other
        target("ControlAPI", ["Wire"]),
        // 3: each speaks to one outside
        target("Venues", ["OMSCore", "Wire"]),
        target("Store", ["OMSCore", "Wire", "ControlAPI", "Migrations", "CSQLite", "CLinux"]),
        target("Replica", ["OMSCore", "Wire", "CPQ"]),
        target("Transport", ["Containers", "Kernel", "Wire", "COpenSSL", "CLinux"]),
        target("Calls", ["Kernel", "OMSCore", "Wire", "ControlAPI"]),
        target("TestSupport", ["Kernel", "OMSCore", "Wire", "CLinux"]),
        // 4: the socket; what interprets effects
        target("Control", ["Kernel", "OMSCore", "Wire", "ControlAPI", "Calls", "CLinux"]),
        target("Runtime", ["Containers", "OMSCore", "Wire", "ControlAPI", "Venues", "Calls", "CLinux"]),
        // 5: assemble
        target("Simulator", ["Containers", "Kernel", "OMSCore", "Wire", "Venues", "Runtime", "Transport"]),
        program(
            "OMSDaemon",
            ["Kernel", "OMSCore", "Wire", "ControlAPI", "Venues", "Store", "Replica", "Transport", "Control", "Runtime", "CLinux"]),
        // 6: run it
        program("omsim", ["Simulator", "Transport", "Wire", "OMSCore", "CSQLite", "CLinux"]),
        program(
            "omsctl", ["Kernel", "OMSCore", "Wire", "ControlAPI", "Venues", "Store", "Transport", "CLinux"],
            resources: ["console.html", "console.css", "page.js", "parts.js", "plots.js", "console.js"].map { .embedInCode("Console/Page/\($0)") }),
        .target(name: "Yardsticks", path: "Benchmarks/C", cSettings: [.define("_GNU_SOURCE")], linkerSettings: [.linkedLibrary("sqlite3")]),
        .executableTarget(
            name: "benchmarks", dependencies: ["Yardsticks", "Kernel", "OMSCore", "Wire", "ControlAPI", "Store", "Runtime", "TestSupport", "CLinux"],
            path: "Benchmarks/Runner", swiftSettings: settings),

        tests("Containers", ["Containers"]),
        tests("Kernel", ["Kernel", "CLinux"]),
        tests("OMSCore", ["Containers", "OMSCore"]),
        tests("Wire", ["Containers", "Wire"]),
        tests("Venues", ["Containers", "OMSCore", "Wire", "Venues", "Simulator"], exclude: ["Fixtures"]),
        tests("Store", ["OMSCore", "Wire", "Store", "CSQLite", "CLinux"]),
        tests("Replica", ["OMSCore", "Wire", "Kernel", "Replica", "CLinux"]),
        tests("Transport", ["Containers", "Kernel", "Wire", "Transport", "CLinux", "COpenSSL"]),
        tests(
            "Control",
            ["Kernel", "OMSCore", "Wire", "ControlAPI", "Venues", "Calls", "Control", "Runtime", "Store", "Simulator", "omsctl", "CLinux"],
            exclude: ["Fixtures"]),
        tests("Runtime", ["OMSCore", "Wire", "Venues", "Runtime", "Store", "Simulator", "Transport", "CSQLite", "CLinux"]),
        tests(
            "Simulation", ["Containers", "OMSCore", "Wire", "Venues", "Runtime", "Simulator", "Transport", "CLinux"], exclude: ["Fixtures"]),
        // omsim and omsctl only so that they are built: they run as processes of their own.
        tests(
            "Daemon", ["Containers", "Kernel", "OMSCore", "Wire", "Venues", "Store", "OMSDaemon", "omsim", "omsctl", "CSQLite", "CLinux"],
            exclude: ["Preload"]),
        tests("Fuzz", ["Containers", "OMSCore", "Wire", "Venues", "Store", "Calls", "OMSDaemon", "CLinux"], exclude: ["Fixtures"]),
        tests("Tidy", ["Migrations"]),
    ],
    swiftLanguageModes: [.v6]
)

// scripts/fuzz builds with OMSD_FUZZ=1, in a folder of its own: the daemon's parts as a library, and a program whose main is libFuzzer's.
if Context.environment["OMSD_FUZZ"] == "1" {
    let parts = [
        "CSQLite", "COpenSSL", "CLinux", "Containers", "Kernel", "OMSCore", "Wire", "ControlAPI", "Migrations", "Venues", "Store", "CPQ",
        "Replica", "Transport", "Calls", "Control", "Runtime", "TestSupport",
    ]
    let daemon = ["Kernel", "OMSCore", "Wire", "ControlAPI", "Venues", "Store", "Replica", "Transport", "Control", "Runtime", "CLinux"]
    package.products = [.executable(name: "fuzz", targets: ["fuzz"])]
    package.targets =
        package.targets.filter { parts.contains($0.name) } + [
            .target(name: "OMSDaemon", dependencies: daemon.map { .byName(name: $0) }, exclude: ["Main.swift"], swiftSettings: settings),
            target(
                "FuzzTargets", ["OMSCore", "Wire", "Venues", "Store", "Calls", "OMSDaemon", "CLinux", "TestSupport"],
                path: "Tests/FuzzTests/Targets"),
            .executableTarget(name: "fuzz", dependencies: ["FuzzTargets"], path: "Fuzz", linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])]),
        ]
}
