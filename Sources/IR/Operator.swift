import LatheDiagnostics
import LatheTensors

/// An operator as a value: its stored properties are its typed attributes.
///
/// Inside Lathe an operator has one meaning, that of the newest ONNX operator set; importers upgrade older forms.
public protocol Operator: Sendable {
  /// Domain, name, operands and attributes.
  static var schema: OperatorSchema { get }

  /// Decodes typed attributes; names were checked against the schema before.
  init(decoding attributes: Attributes) throws(Diagnostic)

  /// Encodes every attribute that differs from its default, and all required ones.
  func encode(into attributes: inout Attributes)

  /// Types of the outputs, one for each formal output the operator can produce.
  ///
  /// The schema's checks have passed. Shapes may be unknown or symbolic, and the result may be as well.
  func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType]

  /// Domain and name; differs from the schema's only for operators that Lathe does not know.
  var name: OperatorName { get }
}

extension Operator {
  public var name: OperatorName { Self.schema.name }

  /// The attributes as the codec writes them.
  public var attributes: Attributes {
    var attributes = Attributes()
    encode(into: &attributes)
    return attributes
  }
}

/// An operator that can be computed from tensors.
public protocol Evaluable: Operator {
  /// The reference meaning: obviously right before fast. Inputs have passed the schema's checks and inference.
  func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor]
}

/// An operator on sequences and optionals, which tensors alone do not describe.
public protocol DatumEvaluable: Operator {
  /// The reference meaning. Inputs have passed the schema's checks and inference; tensors it makes keep to `limits`.
  func evaluate(_ inputs: [Datum?], limits: ResourceLimits) throws(Diagnostic) -> [Datum]
}

/// An operator that runs the graphs it holds: If, Loop, Scan, SequenceMap.
public protocol ControlFlow: SubgraphHolder {
  /// Whether a graph may never be run because it does not fit the inputs; then what is wrong in it is no fault of the model.
  static var isConditional: Bool { get }

  /// What is known of the inputs of each graph, by graph and position; nil where nothing is.
  ///
  /// Inference of the graphs' contents starts from it, and `infer` may then ask the graphs for the types of their outputs.
  func subgraphInputs(_ inputs: [Operand?]) throws(Diagnostic) -> [[ValueType?]]

  /// Types of the outputs, one for each that there is; nil where nothing is known.
  func inferOutputs(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType?]

  /// Runs one of `subgraphs`, by index, on its inputs in order; captures are bound already, and limits are kept.
  typealias SubgraphRunner = (_ index: Int, _ inputs: [Datum]) throws(Diagnostic) -> [Datum]

  /// The reference meaning; tensors it makes keep to `limits`.
  func evaluate(_ inputs: [Datum?], limits: ResourceLimits, run: SubgraphRunner) throws(Diagnostic) -> [Datum]
}

extension ControlFlow {
  public static var isConditional: Bool { false }

  /// The types up to the first that is not known.
  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    try inferOutputs(inputs).prefix { $0 != nil }.compactMap { $0 }
  }
}

/// An operator whose results are drawn at random: it is not computed ahead of time, even if all its inputs are constant.
public protocol RandomDraw: Operator {}

/// An operator through which known elements of small integer tensors can be followed, so that shapes stay symbolic.
public protocol ShapeArithmetic: Operator {
  /// Elements of each output in row-major order as dimensions, or nil where they cannot be told.
  func elements(_ inputs: [Operand?]) -> [[Dimension]?]
}

/// An operator that holds graphs, such as If, Loop and Scan.
public protocol SubgraphHolder: Operator {
  /// The graphs by attribute name, in the order in which their captures follow each other in `Node.captures`.
  var subgraphs: [(name: String, graph: Graph)] { get }
  /// The operator with its graphs replaced, in the same order.
  func replacingSubgraphs(_ graphs: [Graph]) -> any SubgraphHolder
}

/// An input of an operator as inference sees it.
public struct Operand: Sendable {
  public var type: ValueType
  /// The value, if it is constant.
  public var constant: Tensor?
  /// Elements of a small integer tensor of rank 0 or 1 as dimensions, where shape arithmetic could follow them.
  public var elements: [Dimension]?

  /// Elements a tensor may have for its elements to be followed.
  public static let maximumElements = 64

  public init(type: ValueType, constant: Tensor? = nil, elements: [Dimension]? = nil) {
    self.type = type
    self.constant = constant
    self.elements = elements
    guard elements == nil, let constant, constant.rank <= 1, constant.elementCount <= Self.maximumElements else {
      return
    }
    self.elements = constant.integers()?.map { .known($0) }
  }

  /// A constant operand.
  public init(_ constant: Tensor) {
    self.init(type: .tensor(TensorType(of: constant)), constant: constant)
  }

  /// The tensor type.
  ///
  /// - Throws: `operator/not-a-tensor` for sequences, optionals and maps.
  public func tensor() throws(Diagnostic) -> TensorType {
    guard let tensor = type.tensor else {
      throw .invalid("operator/not-a-tensor", "a tensor is needed here, but the value is \(type)")
    }
    return tensor
  }

  /// All elements as numbers, if they are known.
  public var integers: [Int]? {
    if let constant, let integers = constant.integers() { return integers }
    guard let elements else { return nil }
    let numbers = elements.compactMap(\.known)
    return numbers.count == elements.count ? numbers : nil
  }
}
