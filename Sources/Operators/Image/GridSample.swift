import LatheDiagnostics
import LatheIR
import LatheTensors

/// The input read at the places that a grid tells, where −1 and 1 are its ends on each axis.
public struct GridSample: NumericEvaluable {
  /// How what lies between elements is read.
  public enum Mode: String, Sendable, Hashable, CaseIterable {
    case linear, nearest, cubic
  }

  /// What is read outside the input.
  public enum Padding: String, Sendable, Hashable, CaseIterable {
    case zeros, border, reflection
  }

  /// Most axes of pixels, as a cubic sample reads 4 elements on each.
  private static let mostAxes = 8

  public static let schema = OperatorSchema(
    "GridSample", since: 22,
    inputs: [.init("X", "T1", .movable), .init("grid", "T2", .floats)],
    outputs: [.init("Y", "T1", .movable)],
    attributes: ["align_corners": .integer, "mode": .string, "padding_mode": .string])

  public var mode: Mode
  public var padding: Padding
  /// Whether −1 and 1 are the middles of the outermost elements, rather than their outer edges.
  public var alignsCorners: Bool

  public init(mode: Mode = .linear, padding: Padding = .zeros, alignsCorners: Bool = false) {
    self.mode = mode
    self.padding = padding
    self.alignsCorners = alignsCorners
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    mode = try attributes.choice("mode", default: .linear)
    padding = try attributes.choice("padding_mode", default: .zeros)
    alignsCorners = try attributes.flag("align_corners", default: false)
  }

  public func encode(into attributes: inout Attributes) {
    if mode != .linear { attributes.set("mode", mode.rawValue) }
    if padding != .zeros { attributes.set("padding_mode", padding.rawValue) }
    if alignsCorners { attributes.set("align_corners", true) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (type, grid) = (try inputs.tensor(0), try inputs.tensor(1))
    guard let rank = type.rank ?? grid.rank else { return [.tensor(TensorType(type.dtype, nil))] }
    let shape = type.shape ?? .unknown(rank) ?? []
    let places = grid.shape ?? .unknown(rank) ?? []
    let fits =
      shape.count == places.count && rank >= 3 && rank - 2 <= Self.mostAxes
      && !shape[0].isProvablyDifferent(from: places[0])
      && !places[rank - 1].isProvablyDifferent(from: .known(rank - 2))
    guard fits else {
      throw .invalid(
        "operator/shape", "GridSample cannot read \(type) at the places \(grid)",
        fix: "give [N, C, D1…Dr] and [N, O1…Or, r], with r from 1 to \(Self.mostAxes)")
    }
    return [.tensor(TensorType(type.dtype, [shape[0], shape[1]] + places[1..<(rank - 1)]))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    guard mode == .nearest else { return try evaluateNumeric(inputs) }
    let (input, grid) = try inputs.pair()
    let (shape, walk) = (try concreteShape(inputs), try walk(input, grid))
    let zero = try Tensor.zeros(input.dtype, [1])
    let result = try Tensor(dtype: input.dtype, shape: shape, copying: [input, zero]) { emit in
      for sample in 0..<shape[0] {
        let places = (0..<walk.points).map { walk.taps(sample * walk.points + $0).first?.offset }
        for channel in 0..<shape[1] {
          let start = (sample * shape[1] + channel) * walk.imageSize
          for place in places {
            emit(ElementRun(source: place == nil ? 1 : 0, start: place.map { start + $0 } ?? 0, count: 1))
          }
        }
      }
    }
    return [result]
  }

  func compute<T: NumericElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let (input, grid) = try inputs.pair()
    let (shape, walk) = (try concreteShape(inputs), try walk(input, grid))
    let result = try Tensor(of: T.self, shape: shape) { (target: UnsafeMutableBufferPointer<T>) in
      input.withElements(as: T.self) { source in
        for point in 0..<shape[0] * walk.points {
          let (sample, taps) = (point / walk.points, walk.taps(point))
          for channel in sample * shape[1]..<(sample + 1) * shape[1] {
            var sum = 0.0
            for tap in taps { sum += tap.weight * source[channel * walk.imageSize + tap.offset].double }
            target[channel * walk.points + point % walk.points] = T(double: sum)
          }
        }
      }
    }
    return [result]
  }

  private func walk(_ input: Tensor, _ grid: Tensor) throws(Diagnostic) -> GridWalk {
    guard let coordinates = grid.doubles() else { throw name.unsupported(grid.dtype) }
    let extents = Array(input.shape[2...])
    let points = grid.shape[1..<(grid.rank - 1)].reduce(1, *)
    if extents.contains(0), points > 0, input.shape[0] > 0, padding != .zeros {
      throw .invalid("operator/shape", "GridSample finds nothing to read in \(input.shape)")
    }
    return GridWalk(sampler: self, extents: extents, coordinates: coordinates, points: points)
  }
}
