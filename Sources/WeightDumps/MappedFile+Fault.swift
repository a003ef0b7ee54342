import LatheDiagnostics
import LatheFiles
import LatheJSON

extension MappedFile {
  /// What is wrong at a place of a dump's text, with its line and column.
  func fault(_ id: String, at offset: Int, _ message: String) -> Diagnostic {
    var diagnostic = JSONCursor(bytes, file: path).fault("", at: offset, message, fix: "write the dump again")
    diagnostic.id = id
    return diagnostic
  }
}
