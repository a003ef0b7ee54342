import LatheIR
import LatheInterpreter
import LatheOperators
import LatheRuntime
import LatheTensors
import LatheTestSupport
import Testing

/// Runs an operator by reference evaluation, and by its kernel on every instruction set with several numbers of threads, and expects the same bits.
///
/// - Parameter constants: positions of operands that are constant; everything else is fed.
func expectSameBits(_ op: any Operator, _ operands: [Tensor?], constants: Set<Int>, outputs: Int) throws {
  try expectSameBits(op, operands.enumerated().map { ($1, constants.contains($0)) }, outputs: outputs)
}

/// The same of operands that tell themselves what is constant.
func expectSameBits(_ op: any Operator, _ operands: [(tensor: Tensor?, isConstant: Bool)], outputs: Int) throws {
  var builder = GraphBuilder(provenance: .source("case"))
  var (inputs, feed) = ([ValueID?](), [String: Tensor]())
  for (position, operand) in operands.enumerated() {
    guard let tensor = operand.tensor else {
      inputs.append(nil)
      continue
    }
    if operand.isConstant {
      inputs.append(try builder.constant("c\(position)", tensor))
    } else {
      inputs.append(try builder.input("x\(position)", tensor.dtype, tensor.shape.map { .known($0) }))
      feed["x\(position)"] = tensor
    }
  }
  let results = try builder.add(op, inputs, outputCount: outputs)
  var graph = builder.graph
  graph.setOutputs(results)
  let expected = try Interpreter(graph).run(feed)
  for set in InstructionSet.available {
    for threads in [1, 3] {
      let runtime = try Runtime(graph, threads: threads, instructions: set)
      #expect(try runtime.coverage(feed.mapValues { .tensor($0) }).kernels == 1, "\(op.name) has no kernel here")
      #expect(try runtime.run(feed) == expected, "\(op.name) differs on \(set.name) with \(threads) threads")
    }
  }
}
