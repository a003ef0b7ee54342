import Foundation
import Testing

/// The version of protoc-c whose output is checked in; others may write other code.
private let generator = "protobuf-c 1.4."

private func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
  let process = Process()
  let pipe = Pipe()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = arguments
  process.standardOutput = pipe
  process.standardError = FileHandle.nullDevice
  try process.run()
  let output = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}

@Suite struct GeneratedCodeTests {
  @Test(.enabled("needs protoc-c 1.4 (Debian: protobuf-c-compiler)") {
    try run(["protoc-c", "--version"]).output.hasPrefix(generator)
  })
  func theGeneratedCodeOfOnnxIsCurrent() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let folder = root.appendingPathComponent("Sources/COnnx")
    let fresh = FileManager.default.temporaryDirectory.appendingPathComponent("lathe-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: fresh) }
    let script = folder.appendingPathComponent("regenerate.sh").path
    #expect(try run(["bash", script, fresh.path]).status == 0)
    for name in ["onnx.pb-c.c", "include/onnx.pb-c.h"] {
      let checkedIn = try Data(contentsOf: folder.appendingPathComponent(name))
      let made = try Data(contentsOf: fresh.appendingPathComponent(name))
      #expect(checkedIn == made, "Sources/COnnx/\(name) is stale: run Sources/COnnx/regenerate.sh")
    }
  }
}
