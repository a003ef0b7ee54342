import LatheDiagnostics
import LatheIR
import LatheTensors

/// An operator that writes updates over runs of elements of a copy of its first input; the third input has the updates.
protocol Scattering: NumericEvaluable {
  var reduction: ScatterReduction { get }

  /// Calls `body` with the start of each run in the data and in the updates, and its length; later ones win.
  func runs(
    _ data: Tensor, _ indices: Tensor
  ) throws(Diagnostic) -> (_ body: (_ target: Int, _ source: Int, _ count: Int) -> Void) -> Void
}

/// What becomes of an element and an update for it.
public enum ScatterReduction: String, Sendable, Hashable, CaseIterable {
  /// The update replaces the element.
  case none
  case add, mul, min, max
}

extension Scattering {
  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    guard reduction == .none else { return try evaluateNumeric(inputs) }
    let runs = try runs(try inputs.required(0), try inputs.required(1))
    return [try inputs.required(0).overwritten(by: try inputs.required(2), runs)]
  }

  func compute<T: NumericElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let (data, updates) = (try inputs.required(0), try inputs.required(2))
    let runs = try runs(data, try inputs.required(1))
    let result = try Tensor(of: T.self, shape: data.shape) { (target: UnsafeMutableBufferPointer<T>) in
      data.withElements(as: T.self) { _ = target.update(fromContentsOf: $0) }
      updates.withElements(as: T.self) { source in
        runs { start, from, count in
          for step in 0..<count { target[start + step] = combined(target[start + step], source[from + step]) }
        }
      }
    }
    return [result]
  }

  private func combined<T: NumericElement>(_ element: T, _ update: T) -> T {
    switch reduction {
    case .none: update
    case .add: T.adding(element, update)
    case .mul: T.multiplying(element, update)
    // NaN, which differs from itself, wins.
    case .min: update < element || update != update ? update : element
    case .max: update > element || update != update ? update : element
    }
  }
}

extension Tensor {
  /// A copy in which runs of elements are replaced by runs of `updates`; works on every type.
  ///
  /// - Precondition: the runs stay inside both.
  func overwritten(
    by updates: Tensor, _ runs: (_ body: (_ target: Int, _ source: Int, _ count: Int) -> Void) -> Void
  ) throws(Diagnostic) -> Tensor {
    if var strings, let source = updates.strings {
      runs { target, from, count in
        strings.replaceSubrange(target..<target + count, with: source[from..<from + count])
      }
      return try Tensor(strings: strings, shape: shape)
    }
    if dtype.isPacked, var codes, let source = updates.codes {
      runs { target, from, count in for step in 0..<count { codes[target + step] = source[from + step] } }
      let packed = PackedElements.pack(codes, bitWidth: dtype.bitWidth)
      return try Tensor(dtype: dtype, shape: shape) { $0.copyBytes(from: packed) }
    }
    let width = dtype.bitWidth / 8
    return try Tensor(dtype: dtype, shape: shape) { target in
      withBytes { target.copyMemory(from: $0) }
      updates.withBytes { source in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        runs { start, position, count in
          (to + start * width).copyMemory(from: from + position * width, byteCount: count * width)
        }
      }
    }
  }
}
