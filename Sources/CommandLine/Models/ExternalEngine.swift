internal import Foundation
import LatheDiagnostics
import LatheIR
import LatheONNX
import LathePlugins
import LatheSamples
import LatheTensors

/// Another runtime, asked by a program: `COMMAND MODEL.onnx INPUTS OUTPUTS`.
///
/// The model goes out in standard ONNX operators. INPUTS is a folder with 0.npz, 1.npz, …, whose keys are the names of inputs; the program
/// writes a file of the same name into the folder OUTPUTS for each, whose keys are the names of outputs.
struct ExternalEngine: Sendable {
  private let program: ExternalProgram
  private let graph: Graph
  private let limits: ResourceLimits

  init(_ command: String, _ graph: Graph, limits: ResourceLimits, timeout: Duration) {
    program = ExternalProgram(command: command, timeout: timeout)
    (self.graph, self.limits) = (graph, limits)
  }

  /// The outputs of each feed, in the graph's order.
  ///
  /// - Throws: `plugins/…` for a program that fails, `engine/inputs` for inputs that are no tensors, and `engine/output` for outputs
  ///   that are missing.
  func run(_ feeds: [[String: Datum]]) throws(Diagnostic) -> [[Tensor]] {
    let names = graph.outputs.map { graph[$0].name }
    return try program.run { (folder) throws(Diagnostic) in
      let (model, inputs, outputs) = (folder + "model.onnx", folder + "inputs", folder + "outputs")
      try ONNXExporter().export(Model(graph: graph), to: model)
      for path in [inputs, outputs] where mkdir(path, 0o700) != 0 {
        throw Diagnostic("engine/folder", .unwritableOutput, "a folder for the program cannot be made", at: Location(file: path))
      }
      for (index, feed) in feeds.enumerated() { try Self.write(feed, to: "\(inputs)/\(index).npz") }
      return [model, inputs, outputs]
    } collect: { (folder) throws(Diagnostic) in
      var results: [[Tensor]] = []
      for index in feeds.indices {
        let arrays = try Self.arrays("\(folder)outputs/\(index).npz", limits)
        results.append(try names.map { (name) throws(Diagnostic) in try Self.output(name, arrays) })
      }
      return results
    }
  }

  private static func write(_ feed: [String: Datum], to path: String) throws(Diagnostic) {
    var arrays: [NamedTensor] = []
    for (name, datum) in feed.sorted(by: { $0.key < $1.key }) {
      guard let tensor = datum.tensor else {
        throw .invalid("engine/inputs", "the input \(name) is \(datum.type), and a program is given tensors only", at: Location(value: name))
      }
      arrays.append(NamedTensor(name, tensor))
    }
    try NPZWriter.write(arrays, to: path)
  }

  /// What the program wrote; a file that is missing is its fault, not the user's.
  private static func arrays(_ path: String, _ limits: ResourceLimits) throws(Diagnostic) -> [String: Tensor] {
    do throws(Diagnostic) {
      return try ArrayFile.read(path: path, limits: limits)
    } catch {
      var own = error
      if own.category == .missingInput { own.category = .invalidInput }
      throw own
    }
  }

  private static func output(_ name: String, _ arrays: [String: Tensor]) throws(Diagnostic) -> Tensor {
    guard let tensor = arrays[name] else {
      throw .invalid(
        "engine/output", "the output \(name) is missing; there is \(arrays.keys.sorted().prefix(20).joined(separator: ", "))",
        at: Location(value: name), fix: "write an array for each output of the model, under its name")
    }
    return tensor
  }
}
