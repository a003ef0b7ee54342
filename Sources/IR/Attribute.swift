import LatheTensors

/// The value of one attribute, in every kind that ONNX knows.
public enum Attribute: Sendable, Equatable {
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
