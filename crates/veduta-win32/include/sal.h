/* The annotations that Microsoft's analyser reads. Nothing here reads them, so each is empty. The older spellings (`__in`, `__out` and
   so on) are left out: the C++ library uses these words as parameter names. */
#ifndef VEDUTA_SAL_H
#define VEDUTA_SAL_H

#define _COM_Outptr_
#define _Check_return_
#define _Const_
#define _Deref_out_
#define _Deref_out_opt_
#define _Deref_out_z_
#define _Enum_is_bitflag_
#define _Field_z_
#define _Frees_ptr_
#define _Frees_ptr_opt_
#define _In_
#define _In_opt_
#define _In_opt_z_
#define _In_z_
#define _Inout_
#define _Inout_opt_
#define _Inout_opt_z_
#define _Inout_z_
#define _Maybenull_
#define _Must_inspect_result_
#define _Notnull_
#define _NullNull_terminated_
#define _Null_
#define _Null_terminated_
#define _Out_
#define _Out_opt_
#define _Outptr_
#define _Outptr_opt_
#define _Outptr_opt_result_maybenull_
#define _Outptr_result_maybenull_
#define _Outptr_result_z_
#define _Outref_
#define _Points_to_data_
#define _Post_
#define _Post_invalid_
#define _Post_maybenull_
#define _Post_notnull_
#define _Post_null_
#define _Post_ptr_invalid_
#define _Post_valid_
#define _Pre_
#define _Pre_invalid_
#define _Pre_maybenull_
#define _Pre_notnull_
#define _Pre_null_
#define _Pre_opt_valid_
#define _Pre_valid_
#define _Printf_format_string_
#define _Reserved_
#define _Ret_
#define _Ret_maybenull_
#define _Ret_maybenull_z_
#define _Ret_notnull_
#define _Ret_null_
#define _Ret_opt_
#define _Ret_valid_
#define _Ret_z_
#define _Scanf_format_string_
#define _Use_decl_annotations_

#define _Acquires_exclusive_lock_(x)
#define _Acquires_lock_(x)
#define _Acquires_shared_lock_(x)
#define _Always_(x)
#define _Analysis_assume_(x)
#define _Field_size_(x)
#define _Field_size_bytes_(x)
#define _Field_size_bytes_opt_(x)
#define _Field_size_full_(x)
#define _Field_size_opt_(x)
#define _Function_class_(x)
#define _Guarded_by_(x)
#define _In_bytecount_(x)
#define _In_bytecount_c_(x)
#define _In_count_(x)
#define _In_count_c_(x)
#define _In_opt_bytecount_(x)
#define _In_opt_count_(x)
#define _In_reads_(x)
#define _In_reads_bytes_(x)
#define _In_reads_bytes_opt_(x)
#define _In_reads_opt_(x)
#define _In_reads_opt_z_(x)
#define _In_reads_or_z_(x)
#define _In_reads_to_ptr_(x)
#define _In_reads_z_(x)
#define _Inout_cap_(x)
#define _Inout_updates_(x)
#define _Inout_updates_all_(x)
#define _Inout_updates_bytes_(x)
#define _Inout_updates_bytes_all_(x)
#define _Inout_updates_bytes_opt_(x)
#define _Inout_updates_opt_(x)
#define _Inout_updates_z_(x)
#define _On_failure_(x)
#define _Out_bytecap_(x)
#define _Out_cap_(x)
#define _Out_cap_c_(x)
#define _Out_opt_cap_(x)
#define _Out_writes_(x)
#define _Out_writes_all_(x)
#define _Out_writes_all_opt_(x)
#define _Out_writes_bytes_(x)
#define _Out_writes_bytes_all_(x)
#define _Out_writes_bytes_opt_(x)
#define _Out_writes_opt_(x)
#define _Out_writes_opt_z_(x)
#define _Out_writes_z_(x)
#define _Out_z_cap_(x)
#define _Outptr_opt_result_buffer_(x)
#define _Outptr_opt_result_bytebuffer_(x)
#define _Outptr_opt_result_bytebuffer_maybenull_(x)
#define _Outptr_result_buffer_(x)
#define _Outptr_result_buffer_maybenull_(x)
#define _Outptr_result_bytebuffer_(x)
#define _Outptr_result_bytebuffer_maybenull_(x)
#define _Post_equal_to_(x)
#define _Post_readable_byte_size_(x)
#define _Post_readable_size_(x)
#define _Post_satisfies_(x)
#define _Post_writable_byte_size_(x)
#define _Pre_cap_(x)
#define _Pre_readable_byte_size_(x)
#define _Pre_readable_size_(x)
#define _Pre_satisfies_(x)
#define _Pre_writable_byte_size_(x)
#define _Releases_exclusive_lock_(x)
#define _Releases_lock_(x)
#define _Releases_shared_lock_(x)
#define _Requires_exclusive_lock_held_(x)
#define _Requires_lock_held_(x)
#define _Requires_lock_not_held_(x)
#define _Requires_shared_lock_held_(x)
#define _Ret_writes_(x)
#define _Ret_writes_bytes_(x)
#define _Ret_writes_bytes_maybenull_(x)
#define _Ret_writes_maybenull_(x)
#define _Ret_writes_z_(x)
#define _Return_type_success_(x)
#define _Satisfies_(x)
#define _Struct_size_bytes_(x)
#define _Success_(x)
#define _Write_guarded_by_(x)

#define _At_(x, y)
#define _Deref_out_range_(x, y)
#define _Field_range_(x, y)
#define _In_range_(x, y)
#define _Inout_range_(x, y)
#define _Inout_updates_bytes_to_(x, y)
#define _Inout_updates_to_(x, y)
#define _Out_range_(x, y)
#define _Out_writes_bytes_to_(x, y)
#define _Out_writes_bytes_to_opt_(x, y)
#define _Out_writes_to_(x, y)
#define _Out_writes_to_opt_(x, y)
#define _Outptr_result_buffer_to_(x, y)
#define _Outptr_result_bytebuffer_to_(x, y)
#define _Ret_range_(x, y)
#define _Ret_writes_bytes_to_(x, y)
#define _Ret_writes_to_(x, y)
#define _When_(x, y)

#endif
