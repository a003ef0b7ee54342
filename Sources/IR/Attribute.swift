import LatheTensors

/// The value of one attribute, in every kind that ONNX knows.
public enum Attribute: Sendable {
  case integer(Int64)
  case float(Float)
  case string(String)
  /// A string attribute that is not valid UTF-8.
  case bytes([UInt8])
  case tensor(Tensor)
  case sparseTensor(SparseTensor)
  case graph(Graph)
  case type(ValueType)
  case integers([Int64])
  case floats([Float])
  case strings([String])
  case byteStrings([[UInt8]])
  case tensors([Tensor])
  case sparseTensors([SparseTensor])
  case graphs([Graph])
  case types([ValueType])

  /// Kind of an attribute, as schemas declare it.
  public enum Kind: String, Sendable, Hashable {
    case integer, float, string, tensor, sparseTensor, graph, type
    case integers, floats, strings, tensors, sparseTensors, graphs, types
  }

  /// The kind of this value.
  public var kind: Kind {
    switch self {
    case .integer: .integer
    case .float: .float
    case .string, .bytes: .string
    case .tensor: .tensor
    case .sparseTensor: .sparseTensor
    case .graph: .graph
    case .type: .type
    case .integers: .integers
    case .floats: .floats
    case .strings, .byteStrings: .strings
    case .tensors: .tensors
    case .sparseTensors: .sparseTensors
    case .graphs: .graphs
    case .types: .types
    }
  }
}

extension Attribute: Equatable {
  /// Same kind and value; floats are compared by their bits, so that NaN equals itself.
  public static func == (a: Attribute, b: Attribute) -> Bool {
    switch (a, b) {
    case (.float(let x), .float(let y)): x.bitPattern == y.bitPattern
    case (.floats(let x), .floats(let y)): x.map(\.bitPattern) == y.map(\.bitPattern)
    case (.integer(let x), .integer(let y)): x == y
    case (.string(let x), .string(let y)): x == y
    case (.bytes(let x), .bytes(let y)): x == y
    case (.tensor(let x), .tensor(let y)): x == y
    case (.sparseTensor(let x), .sparseTensor(let y)): x == y
    case (.graph(let x), .graph(let y)): x == y
    case (.type(let x), .type(let y)): x == y
    case (.integers(let x), .integers(let y)): x == y
    case (.strings(let x), .strings(let y)): x == y
    case (.byteStrings(let x), .byteStrings(let y)): x == y
    case (.tensors(let x), .tensors(let y)): x == y
    case (.sparseTensors(let x), .sparseTensors(let y)): x == y
    case (.graphs(let x), .graphs(let y)): x == y
    case (.types(let x), .types(let y)): x == y
    default: false
    }
  }
}

/// A tensor given by its nonzero elements, as ONNX's SparseTensorProto.
public struct SparseTensor: Sendable, Equatable {
  /// The elements that are not the default, shape [n].
  public var values: Tensor
  /// int64, either [n] linear or [n, rank] coordinates, ascending.
  public var indices: Tensor
  /// Shape of the dense tensor.
  public var shape: [Int]

  public init(values: Tensor, indices: Tensor, shape: [Int]) {
    self.values = values
    self.indices = indices
    self.shape = shape
  }
}
