import LatheOperators
import LatheTensors

/// Writes lists of extents, of which some are symbolic, as constants that mean the same for a given operand.
enum ConstantTarget {
  /// A target of Reshape: 0 where an extent is the operand's own, −1 for one that is neither known nor the operand's own.
  static func reshape(_ op: Reshape, _ shape: Shape, to target: [Dimension], result: Shape?) -> [Int]? {
    var numbers: [Int] = []
    for (axis, extent) in target.enumerated() {
      if let number = extent.known, number > 0 {
        numbers.append(number)
        continue
      }
      if extent == 0 {
        guard !op.allowsZero else { return nil }
        numbers.append(0)
        continue
      }
      // What −1 stands for may be known, which leaves −1 for another axis.
      let meant = extent == -1 ? result.map { axis < $0.count ? $0[axis] : .unknown } ?? .unknown : extent
      if let number = meant.known, number > 0 {
        numbers.append(number)
      } else if axis < shape.count, shape[axis].isProvablyEqual(to: meant) {
        numbers.append(0)
      } else {
        numbers.append(-1)
      }
    }
    return numbers.count { $0 == -1 } <= 1 ? numbers : nil
  }

  /// A target of Expand: 1 where an extent is the operand's own.
  static func expand(_ shape: Shape, to target: [Dimension]) -> [Int]? {
    var numbers: [Int] = []
    for (position, extent) in target.enumerated() {
      let axis = position - target.count + shape.count
      if let number = extent.known {
        numbers.append(number)
      } else {
        guard axis >= 0, shape[axis].isProvablyEqual(to: extent) else { return nil }
        numbers.append(1)
      }
    }
    return numbers
  }

  /// Starts or ends of Slice: the type's largest number where the whole extent is passed.
  static func slice(_ shape: Shape, axes: [Int], to bounds: [Dimension], dtype: DType) -> [Int]? {
    var numbers: [Int] = []
    for (axis, bound) in zip(axes, bounds) {
      if let number = bound.known {
        numbers.append(number)
      } else {
        guard let beyond = (bound - shape[axis]).known, beyond >= 0 else { return nil }
        numbers.append(dtype == .int32 ? Int(Int32.max) : Int.max)
      }
    }
    return numbers
  }
}
