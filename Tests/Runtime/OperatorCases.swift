import LatheDiagnostics
import LatheIR
import LatheInterpreter
import LatheOperators
import LatheRuntime
import LatheTensors
import LatheTestSupport
import Testing

/// ONNX's single-operator cases on every instruction set of this machine, with one thread and with three.
@Suite struct OperatorCases {
  @Test(arguments: BackendCase.all) func agrees(_ stored: BackendCase) throws {
    let op = try stored.decoded()
    guard op is any Evaluable, !(op is any RandomDraw) else { return }
    var builder = GraphBuilder(provenance: .source("case"))
    var (operands, feed) = ([ValueID?](), [String: Tensor]())
    for (position, input) in stored.inputs.enumerated() {
      guard let tensor = try input?.tensor() else {
        operands.append(nil)
        continue
      }
      feed["x\(position)"] = tensor
      operands.append(try builder.input("x\(position)", tensor.dtype, tensor.shape.map { .known($0) }))
    }
    let outputs = try builder.add(op, operands, outputCount: stored.outputs.count)
    var graph = builder.graph
    let wanted = zip(outputs, stored.outputs).filter { $1 != nil }.map(\.0)
    graph.setOutputs(wanted)
    let expected = try stored.outputs.compactMap { try $0?.tensor() }
    let tolerance = Tolerance(absolute: max(stored.absolute, 1e-6), relative: max(stored.relative, 1e-5))
    for set in InstructionSet.available {
      let runs = try [1, 3].map { try Runtime(graph, threads: $0, instructions: set).run(feed) }
      for (output, reference) in zip(runs[0], expected) { #expect(output.difference(from: reference, tolerance) == nil) }
      #expect(runs[0] == runs[1], "the results depend on the number of threads")
    }
  }
}
