import LatheDiagnostics
import LatheIR
import LatheTensors

/// The window sin², half a period of it.
public struct HannWindow: WindowFunction {
  public static let schema = OperatorSchema.formal("HannWindow")

  static let coefficients: [Double] = [0.5, 0.5]

  public var dtype: DType
  public var isPeriodic: Bool

  public init(dtype: DType = .float32, isPeriodic: Bool = true) {
    self.dtype = dtype
    self.isPeriodic = isPeriodic
  }
}
