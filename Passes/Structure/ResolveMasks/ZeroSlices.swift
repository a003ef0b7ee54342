import LatheIR
import LatheTensors

/// At which indices of a class values are zero.
struct ZeroSlices {
  private let axisClass: AxisClass
  private let classes: AxisClasses
  private let zeros: ZeroAnalysis
  private var known: [ValueID: [Bool]] = [:]

  init(_ axisClass: AxisClass, _ classes: AxisClasses, _ zeros: ZeroAnalysis) {
    (self.axisClass, self.classes, self.zeros) = (axisClass, classes, zeros)
  }

  /// For each index, whether the value is zero in all slices that it has of the class.
  mutating func indices(in value: ValueID) -> [Bool] {
    if let known = known[value] { return known }
    let slices = classes.slices(of: value).joined().filter { $0.axisClass == axisClass.id }
    let places = zeros.zeros(of: value)
    let result = (0..<(axisClass.extent.known ?? 0)).map { index in
      !slices.isEmpty && !places.isEmpty
        && slices.allSatisfy { slice in slice.places(of: index)?.allSatisfy { places.holds(slice.axis, $0) } ?? false }
    }
    known[value] = result
    return result
  }
}
