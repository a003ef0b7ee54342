import CLathe
internal import Foundation
import LatheCompactFormat
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheRuntime
import LatheSamples
import LatheTensors

// The functions of lathe.h, which says what they do.

/// What `lathe_result` points to.
private final class ResultHandle {
  let tensors: [Tensor]
  let described: UnsafeMutablePointer<lathe_tensor>

  init(_ tensors: [Tensor]) throws(Diagnostic) {
    self.tensors = tensors
    described = .allocate(capacity: max(1, tensors.count))
    described.initialize(repeating: lathe_tensor(), count: max(1, tensors.count))
    for (index, tensor) in tensors.enumerated() {
      guard tensor.dtype != .string, described[index].describe(tensor.dtype, tensor.shape) else {
        throw .invalid("runtime/output", "output \(index) is \(tensor.dtype)\(tensor.shape), which C has no name for")
      }
      described[index].data = tensor.withBytes { UnsafeMutableRawPointer(mutating: $0.baseAddress) }
      described[index].byte_count = tensor.byteCount
    }
  }

  deinit { described.deallocate() }
}

private func handle(_ model: OpaquePointer?) throws(Diagnostic) -> ModelHandle {
  guard let model else { throw .misuse("the model is NULL") }
  return Unmanaged<ModelHandle>.fromOpaque(UnsafeRawPointer(model)).takeUnretainedValue()
}

private func opened(_ target: UnsafeMutablePointer<OpaquePointer?>?, _ threads: Int32, _ read: () throws(Diagnostic) -> Model) -> lathe_status {
  status { () throws(Diagnostic) in
    guard let target else { throw .misuse("there is no place for the model") }
    target.pointee = nil
    let handle = try ModelHandle(try read(), threads: Int(threads))
    target.pointee = OpaquePointer(Unmanaged.passRetained(handle).toOpaque())
  }
}

@_cdecl("lathe_open")
public func open(_ path: UnsafePointer<CChar>?, _ threads: Int32, _ model: UnsafeMutablePointer<OpaquePointer?>?) -> lathe_status {
  opened(model, threads) { () throws(Diagnostic) in
    guard let path else { throw .misuse("the path is NULL") }
    return try CompactReader.read(path: String(cString: path), limits: ResourceLimits(), catalog: .standard)
  }
}

/// Stands for the caller, who owns the bytes of a model in memory.
private final class Caller {}

@_cdecl("lathe_open_memory")
public func openMemory(
  _ bytes: UnsafeRawPointer?, _ count: Int, _ threads: Int32, _ model: UnsafeMutablePointer<OpaquePointer?>?
) -> lathe_status {
  opened(model, threads) { () throws(Diagnostic) in
    guard let bytes, count >= 0 else { throw .misuse("there are no bytes") }
    let file = try CompactFile(UnsafeRawBufferPointer(start: bytes, count: count), owner: Caller(), path: "memory")
    return try CompactReader.read(file, limits: ResourceLimits(), catalog: .standard)
  }
}

@_cdecl("lathe_close")
public func close(_ model: OpaquePointer?) {
  guard let model else { return }
  Unmanaged<ModelHandle>.fromOpaque(UnsafeRawPointer(model)).release()
}

@_cdecl("lathe_last_error")
public func lastError() -> UnsafePointer<CChar> { LastError.message }

@_cdecl("lathe_input_count")
public func inputCount(_ model: OpaquePointer?) -> Int32 { Int32((try? handle(model))?.interface.inputs.count ?? 0) }

@_cdecl("lathe_output_count")
public func outputCount(_ model: OpaquePointer?) -> Int32 { Int32((try? handle(model))?.interface.outputs.count ?? 0) }

private func describe(
  _ ports: [ModelInterface.Port], _ index: Int32, _ port: UnsafeMutablePointer<lathe_port>?, _ name: (Int) -> UnsafePointer<CChar>?
) throws(Diagnostic) {
  guard let port else { throw .misuse("there is no place for the description") }
  guard ports.indices.contains(Int(index)) else { throw .misuse("there are \(ports.count) of them, so none is at \(index)") }
  port.pointee = try lathe_port(ports[Int(index)], name: name(Int(index)))
}

@_cdecl("lathe_describe_input")
public func describeInput(_ model: OpaquePointer?, _ index: Int32, _ port: UnsafeMutablePointer<lathe_port>?) -> lathe_status {
  status { () throws(Diagnostic) in
    let handle = try handle(model)
    try describe(handle.interface.inputs, index, port) { handle.names[$0] }
  }
}

@_cdecl("lathe_describe_output")
public func describeOutput(_ model: OpaquePointer?, _ index: Int32, _ port: UnsafeMutablePointer<lathe_port>?) -> lathe_status {
  status { () throws(Diagnostic) in
    let handle = try handle(model)
    try describe(handle.interface.outputs, index, port) { handle.names[handle.interface.inputs.count + $0] }
  }
}

private func arguments(_ handle: ModelHandle, _ inputs: UnsafePointer<lathe_tensor>?, _ count: Int32) throws(Diagnostic) -> [Tensor] {
  let wanted = handle.interface.inputs.count
  guard Int(count) == wanted, inputs != nil || wanted == 0 else { throw .misuse("the model has \(wanted) inputs, not \(count)") }
  var tensors: [Tensor] = []
  for tensor in UnsafeBufferPointer(start: inputs, count: wanted) { tensors.append(try tensor.borrowed()) }
  return tensors
}

@_cdecl("lathe_run")
public func run(
  _ model: OpaquePointer?, _ inputs: UnsafePointer<lathe_tensor>?, _ count: Int32, _ result: UnsafeMutablePointer<OpaquePointer?>?
) -> lathe_status {
  status { () throws(Diagnostic) in
    guard let result else { throw .misuse("there is no place for the result") }
    result.pointee = nil
    let handle = try handle(model)
    let tensors = try arguments(handle, inputs, count)
    let outputs = try handle.runtime.run(Dictionary(zip(handle.interface.inputs.map(\.name), tensors)) { first, _ in first })
    // An output may be an input, whose memory is the caller's.
    var owned: [Tensor] = []
    for output in outputs { owned.append(try output.detached(from: tensors)) }
    result.pointee = OpaquePointer(Unmanaged.passRetained(try ResultHandle(owned)).toOpaque())
  }
}

@_cdecl("lathe_result_output")
public func resultOutput(_ result: OpaquePointer?, _ index: Int32) -> UnsafePointer<lathe_tensor>? {
  guard let result else { return nil }
  let handle = Unmanaged<ResultHandle>.fromOpaque(UnsafeRawPointer(result)).takeUnretainedValue()
  return handle.tensors.indices.contains(Int(index)) ? UnsafePointer(handle.described + Int(index)) : nil
}

@_cdecl("lathe_result_free")
public func freeResult(_ result: OpaquePointer?) {
  guard let result else { return }
  Unmanaged<ResultHandle>.fromOpaque(UnsafeRawPointer(result)).release()
}

@_cdecl("lathe_run_into")
public func runInto(
  _ model: OpaquePointer?, _ inputs: UnsafePointer<lathe_tensor>?, _ inputCount: Int32, _ outputs: UnsafeMutablePointer<lathe_tensor>?,
  _ outputCount: Int32
) -> lathe_status {
  status { () throws(Diagnostic) in
    let handle = try handle(model)
    let wanted = handle.interface.outputs.count
    guard Int(outputCount) == wanted, let outputs else { throw .misuse("the model has \(wanted) outputs, not \(outputCount)") }
    let memory = (0..<wanted).map { UnsafeMutableRawBufferPointer(start: outputs[$0].data, count: outputs[$0].data == nil ? 0 : outputs[$0].byte_count) }
    var isDescribed = true
    try handle.runtime.run(try arguments(handle, inputs, inputCount), into: memory) { index, dtype, shape, byteCount in
      isDescribed = outputs[index].describe(dtype, shape) && isDescribed
      outputs[index].byte_count = byteCount
    }
    guard isDescribed else { throw .misuse("an output has more axes than a lathe_tensor") }
  }
}

@_cdecl("lathe_classify")
public func classify(
  _ model: OpaquePointer?, _ texts: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int, _ predictions: UnsafeMutablePointer<lathe_prediction>?
) -> lathe_status {
  status { () throws(Diagnostic) in
    let handle = try handle(model)
    guard count > 0 else { return }
    guard let texts, let predictions else { throw .misuse("texts and predictions are needed") }
    var strings: [String] = []
    for index in 0..<count {
      guard let text = texts[index] else { throw .misuse("text \(index) is NULL") }
      strings.append(String(cString: text))
    }
    let set = try handle.textBatcher().sampleSet(of: strings)
    for feed in set.feeds { try handle.label(feed, predictions) }
  }
}

extension ModelHandle {
  /// Runs one batch and writes the prediction of each of its samples.
  fileprivate func label(_ feed: Feed, _ predictions: UnsafeMutablePointer<lathe_prediction>) throws(Diagnostic) {
    let outputs = try runtime.run(feed.inputs)
    guard let scores = outputs.first, scores.rank == 2, let classes = scores.shape.last, classes > 0, let values = scores.doubles() else {
      throw .invalid("runtime/scores", "the model's first output is no table of scores, so that texts cannot be labelled")
    }
    for (row, sample) in feed.samples.enumerated() {
      let line = values[row * classes..<(row + 1) * classes]
      guard let best = line.indices.filter({ !line[$0].isNaN }).max(by: { line[$0] < line[$1] }) else {
        throw .invalid("runtime/scores", "the scores of text \(sample) are not numbers")
      }
      let index = best - line.startIndex
      let total = line.reduce(0) { $0 + ($1.isNaN ? 0 : exp($1 - line[best])) }
      predictions[sample] = lathe_prediction(
        index: Int32(index), label: names[interface.inputs.count + interface.outputs.count + index], probability: Float(1 / total))
    }
  }
}

/// Lathe's version for C.
private let version = CStrings([LATHE_VERSION])

@_cdecl("lathe_version")
public func latheVersion() -> UnsafePointer<CChar>? { version[0] }
