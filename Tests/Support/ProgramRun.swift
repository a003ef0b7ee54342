internal import Foundation

/// One finished run of a program.
public struct ProgramRun: Sendable {
  public let status: Int32
  /// What it wrote to standard output and standard error.
  public let output: String

  /// Runs a program, found in PATH, and waits for it.
  public init(_ arguments: [String]) throws {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    status = process.terminationStatus
    output = String(decoding: bytes, as: UTF8.self)
  }
}
