internal import COnnx
import LatheDiagnostics
import LatheIR
import LatheProtobuf
import LatheTensors
import OrderedCollections

extension ModelReader {
  /// Reads a Constant node as a constant of the graph.
  func readConstant(
    _ node: UnsafeMutablePointer<Lathe__Onnx__NodeProto>, _ outputs: [String?], in scope: Scope
  ) throws(Diagnostic) {
    let contents = try contents(of: node, in: scope)
    guard outputs.count == 1, let output = outputs[0], node.pointee.n_input == 0 else {
      throw .invalid("onnx/constant", "a Constant has no inputs and one output", fix: "export the model again")
    }
    let id = try scope.target.graph.addConstant(scope.graphName(of: output), contents)
    scope.bindings[output] = .value(id)
    guard let info = scope.declared[output] else { return }
    scope.target.graph[id].annotations = annotations(of: info)
  }

  private func contents(
    of node: UnsafeMutablePointer<Lathe__Onnx__NodeProto>, in scope: Scope
  ) throws(Diagnostic) -> Tensor {
    for proto in MessageList(node.pointee.attribute, node.pointee.n_attribute)
    where proto.pointee.name.text == "sparse_value" {
      if let sparse = try bound(proto, in: scope)?.proto.pointee.sparse_tensor, node.pointee.n_attribute == 1 {
        return try dense(sparse)
      }
    }
    let read = try attributes(of: node, in: scope).attributes.values
    guard read.count == 1, let (name, value) = read.elements.first else {
      throw .invalid(
        "onnx/constant", "a Constant has exactly one value, but this has \(read.count)", fix: "export the model again")
    }
    switch (name, value) {
    case ("value", .tensor(let tensor)): return tensor
    case ("value_int", .integer(let value)): return try .scalar(value)
    case ("value_ints", .integers(let values)): return try Tensor(values, shape: [values.count])
    case ("value_float", .float(let value)): return try .scalar(value)
    case ("value_floats", .floats(let values)): return try Tensor(values, shape: [values.count])
    case ("value_string", .string(let value)): return try Tensor(strings: [value], shape: [])
    case ("value_strings", .strings(let values)): return try Tensor(strings: values, shape: [values.count])
    case ("value_string", .bytes), ("value_strings", .byteStrings):
      throw .invalid(
        "onnx/text", "the strings of a Constant are not UTF-8", fix: "export the model with strings in UTF-8")
    default:
      throw .invalid("onnx/constant", "\(name) is no value of a Constant", fix: "export the model again")
    }
  }
}
