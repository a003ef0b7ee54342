import LatheDiagnostics
import LatheTensors

/// How the axes of an operator's results relate to those of its operands, index by index.
///
/// An axis is made of atoms: `Reshape` from 384 to 12 × 32 has an atom of 12 and one of 32, of which the axis before is the product and each
/// axis behind is one. An atom in several places is the same index in all of them, so it can be cut from all of them together.
public struct AxisMap: Sendable {
  /// What an index means to the operator, and so what cutting it does.
  public enum Role: Sendable, Hashable {
    /// Each index is computed by itself: cutting it before or after gives the same.
    case carried
    /// Summed over: cutting an index is setting it to zero.
    case contracted
    /// Carried, and summed over in the next step along this axis of this operand: cutting an index whose numbers are zero there is exact.
    case recurrent(operand: Int, axis: Int)
    /// Rows that another operand picks by number: cutting one that is never picked is exact once the numbers behind it are one less.
    case lookedUp(by: Int)
    /// Every index enters into all others; none may be cut.
    case normalized
    /// Only in a result, or not explained: what cutting it does is not known.
    case fresh
  }

  /// One index space.
  public struct Atom: Sendable, Hashable {
    public var extent: Dimension
    public var role: Role
  }

  /// Segments side by side, each the product of atoms in row-major order; `[[]]` is an axis of extent 1.
  public typealias Axis = [[Int]]

  public private(set) var atoms: [Atom] = []
  /// Axes of each operand; nil for one that has none to do with the results' axes.
  public var inputs: [[Axis]?]
  /// Axes of each result; nil for one of which nothing is said.
  public var outputs: [[Axis]?]

  /// An axis of extent 1 that no index runs over.
  public static let one: Axis = [[]]

  public init(inputs: Int, outputs: Int = 1) {
    self.inputs = Array(repeating: nil, count: inputs)
    self.outputs = Array(repeating: nil, count: outputs)
  }

  /// A new atom, as an axis of its own.
  public mutating func axis(_ extent: Dimension, _ role: Role = .carried) -> Axis {
    [[atom(extent, role)]]
  }

  /// A new atom.
  public mutating func atom(_ extent: Dimension, _ role: Role = .carried) -> Int {
    atoms.append(Atom(extent: extent, role: role))
    return atoms.count - 1
  }

  /// Gives an atom another role.
  public mutating func setRole(_ role: Role, of atom: Int) { atoms[atom].role = role }

  /// Gives an atom another extent.
  public mutating func setExtent(_ extent: Dimension, of atom: Int) { atoms[atom].extent = extent }

  /// The map with an atom made smaller by one index.
  public func cutting(_ atom: Int) -> AxisMap {
    var map = self
    map.atoms[atom].extent = map.atoms[atom].extent - 1
    return map
  }

  /// Extent of an axis.
  public func extent(of axis: Axis) -> Dimension {
    axis.reduce(.known(0)) { sum, segment in sum + segment.reduce(.known(1)) { $0 * atoms[$1].extent } }
  }
}

/// An operator that can tell how its results' axes relate to its operands'.
public protocol AxisMapping: Operator {
  /// The relation, as far as the types tell; nil where it cannot be told.
  func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap?

  /// The operator, and its operands, for a map from which an index was cut.
  ///
  /// Attributes and constants that hold extents follow the map.
  ///
  /// - Parameter inputs: the operands, cut already where the map says so; nil where they are no constants.
  func adapted(to map: AxisMap, inputs: [Tensor?]) throws(Diagnostic) -> (op: any Operator, inputs: [Tensor?])
}

extension AxisMapping {
  public func adapted(
    to map: AxisMap, inputs: [Tensor?]
  ) throws(Diagnostic) -> (op: any Operator, inputs: [Tensor?]) { (self, inputs) }
}
