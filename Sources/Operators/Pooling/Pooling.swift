import LatheDiagnostics
import LatheIR
import LatheTensors

/// An operator that makes one element of every window of each channel of [N, C, d…].
protocol Pooling: Operator, AxisMapping {
  var window: SlidingWindow { get }
}

extension Pooling {
  /// Attributes of a pool.
  static var attributeKinds: [String: Attribute.Kind] {
    SlidingWindow.attributeKinds.merging(["ceil_mode": .integer]) { first, _ in first }
  }

  /// Shape of the result, as far as it is known.
  ///
  /// - Throws: `operator/rank`, and `operator/window` for a window that does not fit.
  func pooledShape(_ x: TensorType) throws(Diagnostic) -> Shape? {
    guard let shape = x.shape else { return nil }
    guard shape.count >= 3 else {
      throw .invalid("operator/rank", "\(name) needs at least one spatial axis, but is given \(x)")
    }
    var result: Shape = Array(shape[..<2])
    for (axis, extent) in zip(try window.axes(shape.count - 2), shape[2...]) {
      result.append(try axis.count(over: extent))
    }
    return result
  }

  func grid(_ x: Tensor) throws(Diagnostic) -> WindowGrid {
    try WindowGrid(try window.axes(x.rank - 2), over: Array(x.shape[2...]))
  }

  /// Calls `body` for each window of each channel: the output's position, the window, its elements' positions (−1 in the padding) and the
  /// position of the channel's first element.
  @inline(__always)
  func forEachWindow(
    _ x: Tensor, _ grid: WindowGrid,
    _ body: (_ target: Int, _ window: Int, _ elements: StridedPositions, _ channelStart: Int) -> Void
  ) {
    guard x.elementCount > 0, grid.outputCount > 0 else { return }
    let (channels, count) = (x.shape[0] * x.shape[1], grid.outputCount)
    let tile = grid.tile(elementsPerWindow: grid.kernelCount)
    for start in stride(from: 0, to: count, by: tile) {
      let range = start..<Swift.min(start + tile, count)
      grid.positions(range).withUnsafeBufferPointer { positions in
        for channel in 0..<channels {
          for window in range {
            let elements = StridedPositions(
              positions: positions, start: window - range.lowerBound, step: range.count, count: grid.kernelCount)
            body(channel * count + window, window, elements, channel * grid.inputCount)
          }
        }
      }
    }
  }
}

/// Positions of one window's elements within a table of several windows.
struct StridedPositions {
  let positions: UnsafeBufferPointer<Int>
  let start: Int
  let step: Int
  let count: Int

  @inline(__always)
  subscript(element: Int) -> Int { positions[start + element * step] }
}

extension Pooling {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? { .pooling(inputs, outputs) }
}
