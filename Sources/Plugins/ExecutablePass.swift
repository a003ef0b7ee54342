internal import Foundation
import LatheDiagnostics
import LatheFiles
import LatheIR
import LatheJSON
import LatheONNX
import LathePassKit

/// Any program as a pass: `COMMAND INPUT.onnx OUTPUT.onnx OPTIONS.json`.
///
/// The graph goes out in standard ONNX operators and comes back as any model does. Beside its output the program may write
/// `OUTPUT.onnx.json` to state a promise and say what it did: see `ExecutableStatement`. Without one it promises nothing.
struct ExecutablePass: Pass {
  static let id: PassID = "exec"
  static let summary = "a program that reads and writes ONNX"

  private let program: ExternalProgram
  private let options: JSONValue

  init(program: ExternalProgram, options: JSONValue) { (self.program, self.options) = (program, options) }

  init(options: NoOptions) { self.init(program: ExternalProgram(command: "", timeout: .zero), options: [:]) }

  var guarantee: Guarantee { .unstated }

  func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    let given = graph
    let (statement, result) = try program.run(echoes: true) { (folder) throws(Diagnostic) in
      let (input, output, settings) = (folder + "input.onnx", folder + "output.onnx", folder + "options.json")
      try ONNXExporter().export(Model(graph: given), to: input)
      try OutputFile.write(Array((options.serialized(pretty: true) + "\n").utf8), to: settings)
      return [input, output, settings]
    } collect: { (folder) throws(Diagnostic) in try Self.collect(folder + "output.onnx", context) }
    var changed = result
    let differs = ProvenanceTransfer(from: graph, pass: context.pass).apply(to: &changed)
    var outcome = statement.outcome
    if outcome.items.isEmpty { outcome.record("the graph", differs ? .done : .notApplicable) }
    graph = changed
    return outcome
  }

  private static func collect(_ output: String, _ context: PassContext) throws(Diagnostic) -> (ExecutableStatement, Graph) {
    guard FileManager.default.fileExists(atPath: output) else {
      throw .invalid(
        ExternalProgram.noOutput, "the program ended without writing its output",
        fix: "write the model to the second argument, a path that is not there yet")
    }
    let statement = try ExecutableStatement(besides: output)
    return (statement, try ONNXImporter(limits: context.limits).importModel(at: output).model.graph)
  }
}
