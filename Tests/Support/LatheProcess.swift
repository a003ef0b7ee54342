public import Foundation
import Testing

/// One finished run of the `lathe` executable.
public struct LatheProcess {
  public let status: Int32
  public let output: String
  public let errors: String

  /// The executable that was built beside the tests.
  public static let executable: URL = {
    let test = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    var folder = test.deletingLastPathComponent()
    while folder.path != "/", !FileManager.default.isExecutableFile(atPath: folder.appendingPathComponent("lathe").path)
    {
      folder = folder.deletingLastPathComponent()
    }
    return folder.appendingPathComponent("lathe")
  }()

  /// Runs `lathe` with these arguments and waits for it.
  public init(_ arguments: [String], in folder: TemporaryFolder? = nil) throws {
    let run = try ProgramRun([Self.executable.path] + arguments, in: folder?.path)
    (status, output, errors) = (run.status, run.output, run.errors)
  }

  /// The standard output read as JSON.
  public func json() throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
  }
}
