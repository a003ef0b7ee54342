import LatheDiagnostics
import LatheIR
import LatheTensors

/// A window of three cosine terms.
public struct BlackmanWindow: WindowFunction {
  public static let schema = OperatorSchema.formal("BlackmanWindow")

  static let coefficients: [Double] = [0.42, 0.5, 0.08]

  public var dtype: DType
  public var isPeriodic: Bool

  public init(dtype: DType = .float32, isPeriodic: Bool = true) {
    self.dtype = dtype
    self.isPeriodic = isPeriodic
  }
}
