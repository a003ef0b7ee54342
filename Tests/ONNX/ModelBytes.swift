import Foundation
import LatheDiagnostics
import LatheIR
import LatheONNX
import LatheTensors
import LatheTestSupport

/// Builds the messages of ONNX by hand, right or wrong.
extension ProtoBytes {
  static func node(
    _ op: String, _ inputs: [String], _ outputs: [String], name: String = "", domain: String = "",
    _ attributes: [ProtoBytes] = []
  ) -> ProtoBytes {
    var node = ProtoBytes()
    for input in inputs { node = node.text(1, input) }
    for output in outputs { node = node.text(2, output) }
    node = node.text(3, name).text(4, op)
    for attribute in attributes { node = node.message(5, attribute) }
    return domain.isEmpty ? node : node.text(7, domain)
  }

  static func attribute(_ name: String, int value: UInt64) -> ProtoBytes {
    ProtoBytes().text(1, name).int(3, value).int(20, 2)
  }
  static func attribute(_ name: String, ints values: [UInt64]) -> ProtoBytes {
    values.reduce(ProtoBytes().text(1, name)) { $0.int(8, $1) }.int(20, 7)
  }
  static func attribute(_ name: String, float value: Float) -> ProtoBytes {
    ProtoBytes().text(1, name).raw(key(2, 5) + withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init)).int(
      20, 1)
  }
  static func attribute(_ name: String, graph: ProtoBytes) -> ProtoBytes {
    ProtoBytes().text(1, name).message(6, graph).int(20, 5)
  }
  static func attribute(_ name: String, tensor: ProtoBytes) -> ProtoBytes {
    ProtoBytes().text(1, name).message(5, tensor).int(20, 4)
  }

  /// A tensor without elements yet; a negative extent is written as its two's complement.
  static func tensor(_ name: String, _ type: UInt64, _ dims: [Int64]) -> ProtoBytes {
    dims.reduce(ProtoBytes()) { $0.int(1, UInt64(bitPattern: $1)) }.int(2, type).text(8, name)
  }

  /// A float32 tensor with raw elements.
  static func floats(_ name: String, _ values: [Float], _ dims: [Int64]) -> ProtoBytes {
    tensor(name, 1, dims).block(9, values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) })
  }

  /// A tensor whose elements lie in another file.
  static func external(_ name: String, _ type: UInt64, _ dims: [Int64], _ entries: [(String, String)]) -> ProtoBytes {
    entries.reduce(tensor(name, type, dims)) { $0.message(13, ProtoBytes().text(1, $1.0).text(2, $1.1)) }.int(14, 1)
  }

  /// A value of float32 whose dimensions are numbers or names; nil for no shape.
  static func value(_ name: String, _ dims: [Any]? = nil, type: UInt64 = 1) -> ProtoBytes {
    var tensor = ProtoBytes().int(1, type)
    if let dims {
      let shape = dims.reduce(ProtoBytes()) { shape, dim in
        if let number = dim as? Int { return shape.message(1, ProtoBytes().int(1, UInt64(bitPattern: Int64(number)))) }
        return shape.message(1, ProtoBytes().text(2, dim as? String ?? ""))
      }
      tensor = tensor.message(2, shape)
    }
    return ProtoBytes().text(1, name).message(2, ProtoBytes().message(1, tensor))
  }

  static func graph(
    _ nodes: [ProtoBytes], inputs: [ProtoBytes] = [value("x")], outputs: [ProtoBytes] = [value("y")],
    initializers: [ProtoBytes] = [],
    sparse: [ProtoBytes] = [], info: [ProtoBytes] = []
  ) -> ProtoBytes {
    var graph = nodes.reduce(ProtoBytes()) { $0.message(1, $1) }.text(2, "g")
    for tensor in initializers { graph = graph.message(5, tensor) }
    for input in inputs { graph = graph.message(11, input) }
    for output in outputs { graph = graph.message(12, output) }
    for value in info { graph = graph.message(13, value) }
    for tensor in sparse { graph = graph.message(15, tensor) }
    return graph
  }

  /// A function in the domain `f`.
  static func function(
    _ name: String, _ inputs: [String], _ outputs: [String], _ nodes: [ProtoBytes], attributes: [String] = [],
    opset: UInt64 = 21
  ) -> ProtoBytes {
    var function = ProtoBytes().text(1, name)
    for input in inputs { function = function.text(4, input) }
    for output in outputs { function = function.text(5, output) }
    for attribute in attributes { function = function.text(6, attribute) }
    for node in nodes { function = function.message(7, node) }
    return function.message(9, ProtoBytes().int(2, opset)).text(10, "f")
  }

  static func model(_ graph: ProtoBytes, ir: UInt64 = 10, opset: UInt64 = 21, functions: [ProtoBytes] = []) -> [UInt8] {
    var model = ProtoBytes().int(1, ir).message(7, graph).message(8, ProtoBytes().int(2, opset))
      .message(8, ProtoBytes().text(1, "f").int(2, 1))
    for function in functions { model = model.message(25, function) }
    return model.bytes
  }
}

/// The imported model.
func imported(_ bytes: [UInt8], catalog: OperatorCatalog? = nil, limits: ResourceLimits = ResourceLimits()) throws
  -> ONNXImport
{
  let folder = try TemporaryFolder()
  let path = try folder.write("model.onnx", bytes)
  defer { withExtendedLifetime(folder) {} }
  guard let catalog else { return try ONNXImporter(limits: limits).importModel(at: path) }
  return try ONNXImporter(catalog: catalog, limits: limits).importModel(at: path)
}

/// The diagnostic of a model that must be refused, or nil when it is accepted.
func importRefusal(_ bytes: [UInt8], limits: ResourceLimits = ResourceLimits()) throws -> Diagnostic? {
  do {
    _ = try imported(bytes, limits: limits)
    return nil
  } catch let error as Diagnostic {
    return error
  }
}

/// A model of the Data folder.
func importedFile(_ name: String) throws -> ONNXImport {
  try ONNXImporter().importModel(at: testFolder.appendingPathComponent("Data/\(name)").path)
}
