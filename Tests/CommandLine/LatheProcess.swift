import Foundation
import LatheTestSupport
import Testing

/// One finished run of the `lathe` executable.
struct LatheProcess {
  let status: Int32
  let output: String
  let errors: String

  /// The executable that was built beside the tests.
  static let executable: URL = {
    let test = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    var folder = test.deletingLastPathComponent()
    while folder.path != "/", !FileManager.default.isExecutableFile(atPath: folder.appendingPathComponent("lathe").path)
    {
      folder = folder.deletingLastPathComponent()
    }
    return folder.appendingPathComponent("lathe")
  }()

  /// Runs `lathe` with these arguments and waits for it.
  init(_ arguments: [String], in folder: TemporaryFolder? = nil) throws {
    let process = Process()
    process.executableURL = Self.executable
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = folder.url }
    let files = try TemporaryFolder()
    let (out, err) = (files.url.appendingPathComponent("out"), files.url.appendingPathComponent("err"))
    for file in [out, err] { #expect(FileManager.default.createFile(atPath: file.path, contents: nil)) }
    process.standardOutput = try FileHandle(forWritingTo: out)
    process.standardError = try FileHandle(forWritingTo: err)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    status = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    output = String(decoding: try Data(contentsOf: out), as: UTF8.self)
    errors = String(decoding: try Data(contentsOf: err), as: UTF8.self)
  }

  /// The standard output read as JSON.
  func json() throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
  }
}
