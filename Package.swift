// swift-tools-version: 6.2
import Foundation
import PackageDescription

// Every outside package is here because the job it does is not what Lathe exists for:
//   swift-argument-parser   the command line's grammar and help
//   swift-collections       OrderedDictionary: attributes and metadata keep their order, so bytes are reproducible
//   Yams                    recipes in YAML, with the line of every key (libyaml's C, a few seconds)
//   swift-mustache          the HTML report's template (small, no dependencies)
//   swift-crypto            SHA-256 of sources and outputs in the record (the heaviest: BoringSSL's C, about a minute once)
// System libraries (apt names in the targets below and in the Makefile): protobuf-c reads and writes protobuf,
// json-c parses JSON, libzip reads and writes .npz, OpenBLAS (the build without threads of its own, so that
// results do not depend on their number) multiplies and factors what least squares needs.

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let collections: Target.Dependency = .product(name: "OrderedCollections", package: "swift-collections")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

/// A module of the house: `Lathe<folder>` in `Sources/<folder>`, importing `modules` of the house and `others`; `files` are no sources, and
/// `embedded` ones become part of its code.
func module(
  _ folder: String, path: String? = nil, _ modules: [String] = [], files: [String] = [],
  _ others: [Target.Dependency] = [], embedded: [Resource] = []
) -> Target {
  .target(
    name: "Lathe\(folder)",
    dependencies: modules.map { .target(name: "Lathe\($0)") } + others,
    path: path ?? "Sources/\(folder)",
    exclude: files,
    resources: embedded,
    swiftSettings: strict)
}

/// The tests in `Tests/<folder>`; `files` are data and scripts that stand beside them.
func tests(_ folder: String, _ modules: [String], files: [String] = [], _ others: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(folder)Tests",
    dependencies: modules.map { .target(name: "Lathe\($0)") } + ["LatheTestSupport"] + others,
    path: "Tests/\(folder)",
    exclude: files,
    swiftSettings: strict)
}

let package = Package(
  name: "lathe",
  products: [
    .executable(name: "lathe", targets: ["LatheCommandLine"]),
    .library(name: "Lathe", targets: ["LatheIR", "LatheOperators", "LathePassKit"]),
    // The runtime for C: liblatheruntime.so and lathe.h.
    .library(name: "latheruntime", type: .dynamic, targets: ["LatheCInterface"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
  ],
  targets: [
    .systemLibrary(
      name: "CProtobufC", path: "Sources/CProtobufC", pkgConfig: "libprotobuf-c",
      providers: [.apt(["libprotobuf-c-dev"])]),
    .systemLibrary(name: "CJSONC", path: "Sources/CJSONC", pkgConfig: "json-c", providers: [.apt(["libjson-c-dev"])]),
    .systemLibrary(name: "CLibZip", path: "Sources/CLibZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),
    .systemLibrary(
      name: "COpenBLAS", path: "Sources/COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-serial-dev"])]),
    .target(name: "COnnx", dependencies: ["CProtobufC"], path: "Sources/COnnx", exclude: ["regenerate.sh"]),
    .target(
      name: "CLatheKernels", path: "Sources/Kernels", cSettings: [.unsafeFlags(["-O3"])],
      linkerSettings: [.linkedLibrary("m"), .linkedLibrary("pthread")]),
    .target(name: "CLathe", path: "Sources/CLathe"),
    .target(name: "CLathePlugin", path: "Sources/CLathePlugin"),
    .target(name: "CLatheChecksum", path: "Sources/CLatheChecksum"),
    .target(name: "CLatheInterruption", path: "Sources/CLatheInterruption"),
    .target(name: "CLatheProto", dependencies: ["CProtobufC"], path: "Sources/CLatheProto", exclude: ["regenerate.sh"]),

    module("Diagnostics"),
    module("Files", ["Diagnostics"], ["CLatheInterruption"]),
    module("Tensors", ["Diagnostics", "Files"]),
    module("JSON", ["Diagnostics", "Files"], [collections, "CJSONC"]),
    module("Tokenizers", ["Diagnostics", "Files", "JSON"], [collections]),
    module("Protobuf", ["Diagnostics"], ["CProtobufC"]),
    module("IR", ["Diagnostics", "Tensors"], [collections]),
    module("Operators", ["Diagnostics", "Tensors", "IR"]),
    module("Interpreter", ["Diagnostics", "Tensors", "IR"]),
    module("Calibration", []),
    module("LinearAlgebra", [], ["COpenBLAS"]),
    module("PassKit", ["Diagnostics", "Tensors", "IR", "JSON", "Calibration", "LinearAlgebra"], [collections]),
    module(
      "Recipes", ["Diagnostics", "Files", "Tensors", "JSON", "PassKit", "Equivalence"],
      [collections, .product(name: "Yams", package: "Yams")]),
    module(
      "ONNX", ["Diagnostics", "Files", "Protobuf", "Tensors", "IR", "Operators"],
      files: ["Export/make_operator_versions.py"],
      ["COnnx", collections]),
    module(
      "CompactFormat", ["Diagnostics", "Files", "Protobuf", "Tensors", "IR", "Operators"],
      ["CLatheProto", "CLatheChecksum", collections]),
    module("WeightDumps", ["Diagnostics", "Files", "Tensors", "JSON"], [collections, crypto]),
    module("Architectures", ["Diagnostics", "Tensors", "JSON", "IR", "Operators", "WeightDumps"], [collections]),
    module("Passes", path: "Passes", ["Diagnostics", "Tensors", "IR", "Operators", "Calibration", "LinearAlgebra", "Tokenizers", "PassKit"], files: ["README.md", "WRITING-A-PASS.md"]),
    module(
      "Samples", ["Diagnostics", "Files", "Tensors", "IR", "JSON", "Tokenizers", "ONNX"], ["CLibZip", collections]),
    module(
      "Plugins", ["Diagnostics", "Files", "Tensors", "JSON", "IR", "PassKit", "ONNX"], ["CLathePlugin", collections, crypto]),
    module("Equivalence", ["Diagnostics", "Tensors", "IR", "JSON"], [collections]),
    module(
      "Reports", ["Diagnostics", "JSON"], [.product(name: "Mustache", package: "swift-mustache"), collections],
      embedded: [.embedInCode("conversion.mustache"), .embedInCode("verification.mustache")]),
    module("Runtime", ["Diagnostics", "Tensors", "IR", "Operators", "Interpreter"], ["CLatheKernels"]),
    .target(
      name: "LatheCInterface",
      dependencies: [
        "LatheDiagnostics", "LatheTensors", "LatheIR", "LatheOperators", "LatheCompactFormat", "LatheSamples", "LatheRuntime", "CLathe",
      ],
      path: "Sources/CInterface",
      exclude: ["lathe.exports"],
      swiftSettings: strict,
      // Whoever links the library sees the functions of lathe.h and nothing else.
      linkerSettings: [.unsafeFlags(["-Xlinker", "--version-script=Sources/CInterface/lathe.exports"])]),
    .executableTarget(
      name: "LatheCommandLine",
      dependencies: [
        "LatheDiagnostics", "LatheFiles", "LatheTensors", "LatheJSON", "LatheTokenizers", "LatheIR", "LatheOperators",
        "LatheInterpreter", "LatheCalibration", "LatheLinearAlgebra",
        "LathePassKit", "LathePasses", "LatheRecipes", "LatheONNX", "LatheCompactFormat", "LatheSamples", "LatheEquivalence",
        "LathePlugins", "LatheReports", "LatheRuntime", "LatheWeightDumps", "LatheArchitectures",
        argumentParser, crypto,
      ],
      path: "Sources/CommandLine",
      swiftSettings: strict,
      // Plugins written in Swift use the program's own modules, whose symbols it has to show.
      linkerSettings: [.unsafeFlags(["-Xlinker", "--export-dynamic"])]),

    .target(
      name: "LatheTestSupport", dependencies: ["LatheDiagnostics", "LatheTensors", "LatheIR", "LatheOperators"],
      path: "Tests/Support",
      swiftSettings: strict),
    tests("Tensors", ["Diagnostics", "Files", "Tensors"]),
    tests("JSON", ["Diagnostics", "JSON"], [collections]),
    tests(
      "Tokenizers", ["Diagnostics", "Tokenizers", "JSON"],
      files: ["Data", "make_expectations.py", "make_decompositions.py", "make_tokenizers.py"]),
    tests("IR", ["Diagnostics", "Tensors", "IR", "Operators", "Interpreter"]),
    tests(
      "Operators", ["Diagnostics", "Tensors", "IR", "Operators"],
      files: [
        "make_cases.py", "make_microsoft_cases.py", "cases.json", "cases-attention.json", "cases-gated.json",
        "cases-math.json", "cases-microsoft.json",
        "cases-movement.json", "cases-neural.json",
      ]),
    tests("Calibration", ["Calibration"]),
    tests("LinearAlgebra", ["LinearAlgebra"]),
    tests("Interpreter", ["Diagnostics", "Tensors", "IR", "Operators", "Interpreter"]),
    tests("PassKit", ["Diagnostics", "Tensors", "IR", "Operators", "Interpreter", "PassKit"]),
    tests("Runtime", ["Diagnostics", "Tensors", "IR", "Operators", "Interpreter", "PassKit", "Passes", "ONNX", "Runtime"]),
    tests("Recipes", ["Diagnostics", "JSON", "IR", "PassKit", "Equivalence", "Recipes"], [collections]),
    tests("Plugins", ["CommandLine"]),
    tests("Reports", ["Diagnostics", "JSON", "Reports"], [collections]),
    tests(
      "Passes", ["Diagnostics", "Calibration", "Tensors", "IR", "Operators", "Interpreter", "JSON", "PassKit", "Passes", "ONNX"],
      files: ["Exporters", "Golden", "Paddle", "Quantizers"]),
    tests(
      "ONNX", ["Diagnostics", "Tensors", "IR", "Operators", "Interpreter", "ONNX"],
      files: [
        "make_models.py", "make_expected.py", "make_import_models.py", "make_onnx_cases.py", "check_export.py", "Data",
      ], [collections]),
    tests(
      "CompactFormat", ["Diagnostics", "Tensors", "IR", "Operators", "CompactFormat"], files: ["read_lathe.py"],
      [collections, "CLatheChecksum"]),
    tests("WeightDumps", ["Diagnostics", "Tensors", "JSON", "WeightDumps"], [collections]),
    tests(
      "Architectures", ["Diagnostics", "Tensors", "JSON", "IR", "Operators", "Interpreter", "PassKit", "Passes", "WeightDumps", "Architectures"],
      files: ["Data", "make_checkpoints.py", "check_checkpoints.py", "dump_case.py", "check_exporters.sh"], [collections]),
    tests("Equivalence", ["Diagnostics", "Tensors", "IR", "Operators", "JSON", "Runtime", "Equivalence"], [collections]),
    tests(
      "Samples", ["Diagnostics", "Tensors", "IR", "JSON", "Tokenizers", "Samples"], files: ["Data", "make_samples.py"],
      [collections]),
    tests("CommandLine", ["CommandLine", "Diagnostics", "Tensors", "IR", "Operators", "ONNX", "CompactFormat"]),
    tests(
      "CInterface", ["Tensors", "IR", "Operators", "CompactFormat"], files: ["interface_test.c", "damage_test.c"]),
    tests("Repository", []),
  ],
  swiftLanguageModes: [.v6]
)

// Tests/Fuzz/run.sh asks for it: its main function is libFuzzer's.
if ProcessInfo.processInfo.environment["LATHE_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "lathe-fuzz",
      dependencies: ["LatheDiagnostics", "LatheTensors", "LatheIR", "LatheOperators", "LatheCompactFormat", "LatheRuntime"],
      path: "Tests/Fuzz", exclude: ["run.sh"],
      swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])],
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])]))
}
