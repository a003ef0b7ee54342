import Foundation
import LatheDiagnostics
import LatheIR
import LatheONNX
import LatheTensors
import OrderedCollections
import Testing

/// The bytes of a model as one file.
func exported(_ model: Model, opset: Int? = nil, declaresEveryType: Bool = false) throws -> [UInt8] {
  var options = ONNXExporter.Options()
  options.opset = opset
  options.declaresEveryType = declaresEveryType
  var bytes: [UInt8] = []
  try ONNXExporter(options).write(model) { bytes.append(contentsOf: $0) }
  return bytes
}

/// The diagnostic of an export that must fail.
func exportFailure(_ model: Model, opset: Int? = nil) -> Diagnostic? {
  do {
    _ = try exported(model, opset: opset)
    return nil
  } catch {
    return error as? Diagnostic
  }
}

/// An operator of ONNX in its newest form, for forms that no operator of the house is needed for.
struct NewestForm: Operator {
  static let schema = OperatorSchema("NewestForm", since: 1, inputs: [], outputs: [])

  var name: OperatorName
  var stored: Attributes

  init(_ name: String, _ attributes: [(String, Attribute)] = []) {
    self.name = OperatorName(name)
    stored = Attributes(attributes)
  }

  init(decoding attributes: Attributes) throws(Diagnostic) {
    name = OperatorName("NewestForm")
    stored = attributes
  }

  func encode(into attributes: inout Attributes) { attributes = stored }
  func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] { [] }
}

/// An operand of a one-node model.
enum TestOperand {
  case input(DType, Shape?)
  case constant(Tensor)
  case none

  static func integers(_ values: Int64...) -> TestOperand {
    (try? Tensor(values, shape: [values.count])).map { .constant($0) } ?? .none
  }

  static func float(_ value: Float) -> TestOperand { (try? Tensor.scalar(value)).map { .constant($0) } ?? .none }
}

/// A model of one node: inputs `x0`, `x1`, …, constants `c0`, …, outputs `y0`, ….
func oneNode(
  _ op: any Operator, _ operands: [TestOperand], outputs: [ValueType] = [.tensor(TensorType(.float32, nil))],
  opset: Int? = nil
) throws -> Model {
  var graph = Graph(name: "test")
  var inputs: [ValueID?] = []
  for (position, operand) in operands.enumerated() {
    switch operand {
    case .input(let dtype, let shape):
      inputs.append(try graph.addInput("x\(position)", type: .tensor(TensorType(dtype, shape))))
    case .constant(let tensor): inputs.append(try graph.addConstant("c\(position)", tensor))
    case .none: inputs.append(nil)
    }
  }
  let node = try graph.addNode(
    op, inputs: inputs, outputs: outputs.indices.map { "y\($0)" }, provenance: .source("test"))
  for (id, type) in zip(graph[node].outputs.compactMap({ $0 }), outputs) { graph.setType(type, of: id) }
  graph.setOutputs(graph[node].outputs.compactMap { $0 })
  var model = Model(graph: graph)
  model.metadata.operatorSets[""] = opset
  return model
}

/// Where two graphs differ, for messages; nil if they are equal.
func difference(_ a: Graph, _ b: Graph) -> String? {
  guard a != b else { return nil }
  func names(_ graph: Graph, _ ids: [ValueID?]) -> [String] { ids.map { $0.map { graph[$0].name } ?? "-" } }
  for (what, left, right) in [
    ("inputs", names(a, a.inputs), names(b, b.inputs)), ("outputs", names(a, a.outputs), names(b, b.outputs)),
    ("captures", names(a, a.captures), names(b, b.captures)),
    ("nodes", a.order.map(a.describe), b.order.map(b.describe)),
    ("values", names(a, a.valueIDsInOrder).sorted(), names(b, b.valueIDsInOrder).sorted()),
  ] where left != right { return "\(what): \(left) != \(right)" }
  for id in a.valueIDsInOrder {
    guard let other = b.value(named: a[id].name) else { continue }
    if a[id].type != b[other].type {
      return "\(a[id].name): \(a[id].type.map(\.description) ?? "nil") != \(b[other].type.map(\.description) ?? "nil")"
    }
    if a[id].constant != b[other].constant || a[id].defaultValue != b[other].defaultValue {
      return "contents of \(a[id].name)"
    }
  }
  for (left, right) in zip(a.order, b.order) {
    for (inner, other) in zip(a.subgraphs(of: left), b.subgraphs(of: right)) {
      if let found = difference(inner, other) { return "\(a.describe(left)): \(found)" }
    }
    if a[left].op.attributes != b[right].op.attributes {
      return "attributes of \(a.describe(left)): \(a[left].op.attributes) != \(b[right].op.attributes)"
    }
  }
  return "something else"
}
