import Foundation
import LatheTestSupport
import Testing

@Suite struct HostileNameTests {
  /// A message field of protobuf.
  private static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
    [number << 3 | 2, UInt8(bytes.count)] + bytes
  }

  /// A float32 value with one dimension of this name.
  private static func value(_ name: String, dimension: String) -> [UInt8] {
    let shape = field(1, field(2, Array(dimension.utf8)))
    return field(1, Array(name.utf8)) + field(2, field(1, [0x08, 1] + field(2, shape)))
  }

  /// An ONNX model whose names are `name`.
  private static func model(_ name: String) -> [UInt8] {
    let node =
      field(1, Array("x".utf8)) + field(2, Array(name.utf8)) + field(4, Array(name.utf8)) + field(7, Array("d".utf8))
    let graph =
      field(1, node) + field(2, Array(name.utf8)) + field(11, value("x", dimension: name))
      + field(12, value(name, dimension: name))
    return [0x08, 10] + field(7, graph) + field(8, [0x10, 21]) + field(8, field(1, Array("d".utf8)) + [0x10, 1])
  }

  @Test(arguments: [[], ["--text"], ["--dot"], ["--json"]])
  func namesCannotFoolATerminal(_ flags: [String]) throws {
    let folder = try TemporaryFolder()
    try Data(Self.model("\u{1B}[31mr\u{7}\u{9B}x")).write(to: folder.url.appendingPathComponent("m.onnx"))
    let run = try LatheProcess(["inspect", folder.file("m.onnx")] + flags)
    #expect(run.status == 0, "\(run.errors)")
    let controls = (run.output + run.errors).unicodeScalars.filter(Self.isControl)
    #expect(controls.isEmpty, "\(run.output)")
    #expect(run.output.contains("[31mr"))
  }

  /// Whether a terminal could act on it; line ends and tabs may be written.
  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    if scalar == "\n" || scalar == "\t" { return false }
    return scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
  }

  @Test func aFullStandardOutputIsAnError() throws {
    let process = Process()
    process.executableURL = LatheProcess.executable
    process.arguments = ["passes"]
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: "/dev/full"))
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 73)
  }
}
