import LatheDiagnostics
import LatheIR
import LatheTensors

/// A raised cosine that does not quite reach zero at its ends.
public struct HammingWindow: WindowFunction {
  public static let schema = OperatorSchema.formal("HammingWindow")

  static let coefficients: [Double] = [25.0 / 46, 21.0 / 46]

  public var dtype: DType
  public var isPeriodic: Bool

  public init(dtype: DType = .float32, isPeriodic: Bool = true) {
    self.dtype = dtype
    self.isPeriodic = isPeriodic
  }
}
