internal import Foundation
import LatheEquivalence
import LatheTensors

/// The class that a row of scores chooses, with its probability.
struct Prediction: Sendable {
  var index: Int
  /// Softmax of the scores at `index`.
  var probability: Double

  /// - Returns: nil where one of the scores is NaN.
  init?(scores: ArraySlice<Double>) {
    guard !scores.contains(where: \.isNaN), let index = OutputComparison.largest(scores) else { return nil }
    let top = scores[scores.startIndex + index]
    self.index = index
    probability = 1 / scores.reduce(0) { $0 + exp($1 - top) }
  }

  /// Predictions for each row of a [rows, classes] tensor; nil for any other tensor.
  static func rows(of tensor: Tensor, classes: Int?) -> [Prediction?]? {
    guard tensor.rank == 2, tensor.dtype.isFloat, let width = tensor.shape.last, width > 1,
      classes == nil || classes == width,
      let values = tensor.doubles()
    else { return nil }
    return stride(from: 0, to: values.count, by: width).map { Prediction(scores: values[$0..<$0 + width]) }
  }
}
