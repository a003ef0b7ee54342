internal import Foundation
import LatheDiagnostics
import LatheFiles
import LatheIR
import LatheJSON
import LatheONNX
import LathePassKit

/// Any program as a pass: `PROGRAM INPUT.onnx OUTPUT.onnx OPTIONS.json`.
///
/// The graph goes out in standard ONNX operators and comes back as any model does. Beside its output the program may write
/// `OUTPUT.onnx.json` to state a promise and say what it did: see `ExecutableStatement`. Without one it promises nothing.
struct ExecutablePass: Pass {
  static let id: PassID = "exec"
  static let summary = "a program that reads and writes ONNX"

  private let program: String
  private let options: JSONValue
  private let timeout: Duration

  init(program: String, options: JSONValue, timeout: Duration) {
    self.program = program
    self.options = options
    self.timeout = timeout
  }

  init(options: NoOptions) { self.init(program: "", options: [:], timeout: .zero) }

  var guarantee: Guarantee { .unstated }

  func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    let folder = try TemporaryDirectory()
    defer { folder.remove() }
    let (input, output, settings) = (folder.path("input.onnx"), folder.path("output.onnx"), folder.path("options.json"))
    try ONNXExporter().export(Model(graph: graph), to: input)
    try OutputFile.write(Array((options.serialized(pretty: true) + "\n").utf8), to: settings)
    let result = try ChildProcess(executable: program, arguments: [input, output, settings]).run(timeout: timeout, echoes: true)
    if let failure = result.failure(of: program, timeout: timeout) { throw failure }
    guard FileManager.default.fileExists(atPath: output) else {
      throw result.fault(
        "plugins/no-output", "the program ended without writing its output", of: program,
        fix: "write the model to the second argument, a path that is not there yet")
    }
    let statement = try located { () throws(Diagnostic) in try ExecutableStatement(besides: output) }
    var changed = try located { () throws(Diagnostic) in
      try ONNXImporter(limits: context.limits).importModel(at: output).model.graph
    }
    let differs = ProvenanceTransfer(from: graph, pass: context.pass).apply(to: &changed)
    var outcome = statement.outcome
    if outcome.items.isEmpty { outcome.record("the graph", differs ? .done : .notApplicable) }
    graph = changed
    return outcome
  }

  /// Names the program rather than a file that is gone by the time the message is read.
  private func located<R>(_ work: () throws(Diagnostic) -> R) throws(Diagnostic) -> R {
    do throws(Diagnostic) {
      return try work()
    } catch {
      var located = error
      located.location.file = program
      located.message = "what the program wrote cannot be used: " + error.message
      throw located
    }
  }
}
