// swift-tools-version: 6.2
import PackageDescription

/// Public async functions run on their caller's executor; imports and existential types say what they are.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// A library target on one of the floors of the house.
func room(_ name: String, floor: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(floor)/\(name)", swiftSettings: settings)
}

/// A program.
func program(
    _ name: String, path: String, _ dependencies: [Target.Dependency], exclude: [String] = [],
    plugins: [Target.PluginUsage] = []
) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, path: path, exclude: exclude, swiftSettings: settings, plugins: plugins)
}

/// The tests of a module.
func tests(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], plugins: [Target.PluginUsage] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude, swiftSettings: settings,
        plugins: plugins)
}

/// A database of one of the programs that use a store at once.
func desk(_ name: String) -> Target {
    .target(
        name: name, dependencies: ["Cairn"], path: "Tests/Support/\(name)", swiftSettings: settings,
        plugins: ["CairnPlugin"])
}

/// Generated code that cannot share a module with anything else: its types hide those of others.
func golden(_ name: String) -> Target {
    .target(
        name: name, dependencies: ["Cairn"], path: "Tests/Support/\(name)", exclude: ["Schemas"],
        swiftSettings: settings)
}

let package = Package(
    name: "cairn",
    platforms: [.macOS(.v26)],
    products: [
        .library(name: "Cairn", targets: ["Cairn"]),
        .library(name: "CairnCore", targets: ["CairnCore"]),
        .library(name: "MemoryStorage", targets: ["MemoryStorage"]),
        .library(name: "SQLiteStorage", targets: ["SQLiteStorage"]),
        .library(name: "ObjectStorage", targets: ["ObjectStorage"]),
        .library(name: "ObjectStores", targets: ["ObjectStores"]),
        .library(name: "S3Client", targets: ["S3Client"]),
        .library(name: "StorageConformance", targets: ["StorageConformance"]),
        .library(name: "ObjectStoreConformance", targets: ["ObjectStoreConformance"]),
        .library(name: "Simulation", targets: ["Simulation"]),
        .plugin(name: "CairnPlugin", targets: ["CairnPlugin"]),
        .executable(name: "cairn", targets: ["CairnCommand"]),
    ],
    targets: [
        // System: module maps and thin C shims.
        .systemLibrary(
            name: "CSQLite", path: "Sources/System/CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]
        ),
        .systemLibrary(
            name: "CCrypto", path: "Sources/System/CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CMalloc", path: "Sources/System/CMalloc"),
        .target(name: "CFiles", path: "Sources/System/CFiles"),
        .systemLibrary(
            name: "CCurl", path: "Sources/System/CCurl", pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"])]),

        // Core.
        room("CairnSchema", floor: "Core", ["CCrypto"]),
        room("CairnCore", floor: "Core", ["CairnSchema"]),

        // Objects.
        room("ObjectStores", floor: "Objects", ["CairnSchema", "CairnCore", "CFiles", "CCrypto"]),
        room("S3Client", floor: "Objects", ["CairnSchema", "CairnCore", "ObjectStores", "CCrypto", "CCurl"]),

        // Drivers.
        room("MemoryStorage", floor: "Drivers", ["CairnCore"]),
        room("SQLiteStorage", floor: "Drivers", ["CairnCore", "CSQLite"]),
        room(
            "ObjectStorage", floor: "Drivers", ["CairnSchema", "CairnCore", "ObjectStores", "MemoryStorage"]),

        // What an application imports.
        .target(
            name: "Cairn",
            dependencies: [
                "CairnSchema", "CairnCore", "ObjectStores", "S3Client", "MemoryStorage", "SQLiteStorage",
                "ObjectStorage",
            ], path: "Sources/Cairn", swiftSettings: settings),

        // Tools.
        room("CairnGenerator", floor: "Tools", ["CairnSchema"]),
        room("CairnMigrator", floor: "Tools", ["CairnSchema", "CairnCore", "MemoryStorage"]),
        program("cairn-generate", path: "Sources/Tools/cairn-generate", ["CairnGenerator"]),
        // The target is not called `cairn`: beside `Cairn` it would collide on file systems that ignore case.
        program(
            "CairnCommand", path: "Sources/Tools/CairnCommand",
            [
                "Cairn", "CairnCore", "CairnSchema", "CairnGenerator", "CairnMigrator", "ObjectStorage", "ObjectStores",
                "S3Client", "SQLiteStorage",
            ]),
        program(
            "cairn-bench", path: "Sources/Tools/cairn-bench",
            ["Cairn", "CairnCore", "ObjectStorage", "ObjectStores", "S3Client", "CSQLite", "CMalloc"],
            exclude: ["S3Client/Baselines"], plugins: ["CairnPlugin"]),
        program(
            "cairn-sim", path: "Sources/Tools/cairn-sim",
            [
                "Simulation", "StorageConformance", "CairnCore", "MemoryStorage", "SQLiteStorage", "ObjectStorage",
                "ObjectStores",
            ]),
        .plugin(
            name: "CairnPlugin", capability: .buildTool(), dependencies: ["cairn-generate"],
            path: "Sources/Plugins/CairnPlugin"),

        // Testing: for anyone who writes a driver.
        room("StorageConformance", floor: "Testing", ["CairnCore"]),
        room("ObjectStoreConformance", floor: "Testing", ["CairnCore", "ObjectStores"]),
        room(
            "Simulation", floor: "Testing",
            ["CairnSchema", "CairnCore", "StorageConformance", "ObjectStores", "ObjectStorage"]),

        // Examples.
        program("Atlas", path: "Examples/Atlas/Sources", ["Cairn"], plugins: ["CairnPlugin"]),

        // Tests.
        tests("CairnSchemaTests", ["CairnSchema"]),
        tests(
            "CairnMigratorTests",
            [
                "CairnMigrator", "CairnSchema", "CairnCore", "MemoryStorage", "SQLiteStorage", "ObjectStorage",
                "ObjectStores", "S3Client", "Simulation",
            ]),
        tests("CairnCoreTests", ["CairnSchema", "CairnCore"]),
        tests(
            "S3ClientTests",
            [
                "S3Client", "ObjectStoreConformance", "ObjectStores", "CairnSchema", "CairnCore", "CCurl",
                "ScriptedHTTP", "Loopback",
            ],
            exclude: ["Vectors"]),
        tests("MemoryStorageTests", ["MemoryStorage", "StorageConformance"]),
        tests(
            "ObjectStorageTests",
            [
                "ObjectStorage", "ObjectStores", "S3Client", "MemoryStorage", "StorageConformance", "Simulation",
                "CairnSchema", "CairnCore", "WriterProgram", "Histories", "Workers", "TableWorker", "Loopback",
            ]),
        tests(
            "CairnCommandTests",
            [
                "CairnCommand", "Cairn", "CairnCore", "CairnSchema", "CairnGenerator", "ObjectStorage", "ObjectStores",
                "S3Client", "SQLiteStorage", "ScriptedHTTP", "CSQLite",
            ]),
        tests(
            "SimulationTests",
            [
                "Simulation", "StorageConformance", "CairnSchema", "CairnCore", "MemoryStorage", "SQLiteStorage",
                "ObjectStores", "ObjectStorage", "ObjectStoreConformance",
            ]),
        tests(
            "CairnTests",
            [
                "Cairn", "CairnCore", "ObjectStorage", "ObjectStores", "S3Client", "SQLiteStorage", "ScriptedHTTP",
                "DeskBefore", "DeskAfter",
            ],
            exclude: ["Golden"], plugins: ["CairnPlugin"]),
        desk("DeskBefore"),
        desk("DeskAfter"),
        tests("CairnBenchTests", ["cairn-bench"]),
        tests(
            "FuzzTests",
            [
                "Cairn", "CairnCommand", "CairnCore", "CairnGenerator", "CairnSchema", "CSQLite", "MemoryStorage",
                "Simulation",
                "SQLiteStorage",
            ], exclude: ["Corpus"], plugins: ["CairnPlugin"]),
        tests(
            "CairnGeneratorTests",
            ["CairnGenerator", "CairnSchema", "CairnCore", "Cairn", "GoldenHiding", "GoldenImports"],
            exclude: ["Golden/Schemas"]),
        golden("GoldenHiding"),
        golden("GoldenImports"),
        tests("Integration", [], exclude: ["servers"]),
        tests(
            "SQLiteStorageTests",
            [
                "SQLiteStorage", "MemoryStorage", "StorageConformance", "Simulation", "CSQLite", "CFaultyDisk",
                "WriterProgram", "StoreWorker", "Workers",
            ]),
        tests("ObjectStoresTests", ["ObjectStores", "ObjectStoreConformance", "CairnCore", "CFiles", "ObjectWorker"]),
        .target(
            name: "ScriptedHTTP", dependencies: ["CairnCore"], path: "Tests/Support/ScriptedHTTP",
            swiftSettings: settings),
        program("ObjectWorker", path: "Tests/Support/ObjectWorker", ["ObjectStores", "CFiles"]),
        .target(name: "CFaultyDisk", dependencies: ["CSQLite"], path: "Tests/Support/CFaultyDisk"),
        .target(
            name: "WriterProgram", dependencies: ["CairnSchema", "CairnCore", "MemoryStorage", "Simulation"],
            path: "Tests/Support/WriterProgram", swiftSettings: settings),
        .target(name: "Workers", path: "Tests/Support/Workers", swiftSettings: settings),
        .target(
            name: "Histories", dependencies: ["CairnCore", "Simulation"], path: "Tests/Support/Histories",
            swiftSettings: settings),
        .target(
            name: "Loopback", dependencies: ["CairnCore", "Simulation"], path: "Tests/Support/Loopback",
            swiftSettings: settings),
        program(
            "TableWorker", path: "Tests/Support/TableWorker",
            [
                "ObjectStorage", "ObjectStores", "S3Client", "CairnSchema", "CairnCore", "CairnMigrator",
                "WriterProgram", "Histories",
            ]),
        program(
            "StoreWorker", path: "Tests/Support/StoreWorker",
            ["SQLiteStorage", "CairnMigrator", "CairnSchema", "CairnCore", "WriterProgram"]),
    ],
    swiftLanguageModes: [.v6]
)

// `Tests/run --sanitize` runs the core suites: what these do not use need not be built once more for each sanitizer.
if Context.environment["CAIRN_CORE_SUITES"] == "1" {
    let others: Set = [
        "CairnCommand", "CairnCommandTests", "cairn-bench", "CairnBenchTests", "cairn-sim", "SimulationTests",
        "FuzzTests", "CairnGeneratorTests", "GoldenHiding", "GoldenImports", "Integration", "Atlas",
    ]
    package.targets.removeAll { others.contains($0.name) }
    package.products.removeAll { $0.name == "cairn" }
}
