import LatheIR

/// 1 for the first of the largest numbers along one axis, 0 for all others; the first NaN counts as the largest.
public struct Hardmax: AxisNormalization {
  public static let schema = formal("Hardmax", since: 13)

  /// The axis that has a single 1; negative counts from the back.
  public var axis: Int

  public init(axis: Int = -1) { self.axis = axis }

  static func normalize(_ line: inout [Double]) {
    var largest = 0
    for index in line.indices.dropFirst() where !line[largest].isNaN {
      if line[index].isNaN || line[index] > line[largest] { largest = index }
    }
    for index in line.indices { line[index] = index == largest ? 1 : 0 }
  }
}
